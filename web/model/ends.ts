// When what this browser keeps for a person has to go.

/** Rules by which the service lets nobody in for the moment, though the log in goes on. */
const onlyWaits = new Set(["session.locked", "session.pending", "session.changes", "activation.policy", "jmap.person", "jmap.cross-origin"]);

/** The rule by which the service refuses a page of somebody else. */
export const otherPerson = "session.other-person";

/** Whether an answer of the service says that the log in is over, or that it is somebody else's. */
export function isOver(status: number, rule: string | undefined): boolean {
  if (status !== 401 && status !== 403) return false;
  return rule === otherPerson || (status === 401 && !onlyWaits.has(rule ?? ""));
}
