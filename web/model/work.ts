// Who handles a conversation of a shared mailbox, as it is and as it becomes (docs/jmap-work.md 2).

import type { AccountId, Session, SetError, ThreadId, WorkCounts, WorkItem, WorkItemPatch, WorkPerson } from "../jmap/types.js";
import type { WorkView } from "./views.js";

/** The name under which a person of a session handles things: the id of the own account. */
export function personOf(session: Session): AccountId | undefined {
  return session.havenPerson ?? (Object.entries(session.accounts).find(([, a]) => a.isPersonal)?.[0] as AccountId | undefined);
}

/** A conversation of which nothing was said. */
export function blank(id: ThreadId): WorkItem {
  return {
    id, status: "new", handledBy: null, handledByName: null, since: null, doneBy: null, doneByName: null,
    answeredBy: null, answeredByName: null, answeredAt: null, category: null,
  };
}

/** In which view besides those of all a conversation stands. */
export function viewOf(item: Pick<WorkItem, "status" | "handledBy">, me: AccountId | undefined): Exclude<WorkView, "all" | "due"> {
  if (item.status === "new") return "unassigned";
  if (item.status === "done") return "done";
  return item.handledBy === me ? "mine" : "others";
}

/** What a change makes of an item, until the service has said so. */
export function wished(item: WorkItem, patch: WorkItemPatch, by: { id: AccountId | undefined; name: string }, to: string | undefined, now: Date): WorkItem {
  const status = patch.handledBy ? "handled" : (patch.status ?? (patch.handledBy === null ? "new" : item.status));
  const me = by.id ?? null;
  const handled = status === "handled";
  const mine = handled && !patch.handledBy;
  return {
    ...item,
    status,
    since: now.toISOString(),
    handledBy: handled ? (patch.handledBy ?? me) : null,
    handledByName: handled ? (mine ? by.name : (to ?? null)) : null,
    doneBy: status === "done" ? me : null,
    doneByName: status === "done" ? by.name : null,
  };
}

/** What puts an item back as it was. */
export function wayBack(was: WorkItem): WorkItemPatch {
  return was.status === "handled" && was.handledBy ? { handledBy: was.handledBy } : { status: was.status };
}

/** The counts after one conversation became another's, or done. */
export function recounted(counts: WorkCounts, was: WorkItem, is: WorkItem, me: AccountId | undefined): WorkCounts {
  const from = viewOf(was, me);
  const to = viewOf(is, me);
  if (from === to) return counts;
  return { ...counts, [from]: Math.max(0, counts[from] - 1), [to]: counts[to] + 1 };
}

/** Why somebody may not have a conversation just now. */
export interface Refusal {
  why: "handled" | "done" | "no-access";
  /** Who handles it, or did it. */
  who?: string;
  since?: string;
}

const reasons: Record<string, Refusal["why"]> = { claimedByOther: "handled", doneAlready: "done", noAccess: "no-access" };

/** What a refusal of WorkItem/set says; undefined for any other error. */
export function refusalOf(says: SetError): Refusal | undefined {
  const why = reasons[says.type];
  if (!why) return undefined;
  const who = says[why === "done" ? "doneByName" : "handledByName"];
  return { why, ...(typeof who === "string" && { who }), ...(typeof says.since === "string" && { since: says.since }) };
}

/** Somebody to whom a conversation can be handed over. */
export type Colleague = Pick<WorkPerson, "id" | "name" | "email" | "isHere">;

/** Colleagues whose name has a word that begins with each word that was typed; those who are here first, without who asks. */
export function colleaguesLike(all: readonly Colleague[], typed: string, me: AccountId | undefined): Colleague[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  return all
    .filter((c) => c.id !== me && words.every((w) => ` ${c.name.toLowerCase()}`.replaceAll("-", " ").includes(` ${w}`)))
    .sort((a, b) => Number(b.isHere) - Number(a.isHere) || a.name.localeCompare(b.name));
}

/** Whether a letter was not sent since a colleague has answered; the description says who and when (docs/jmap-work.md 6). */
export function isSecondReply(error: SetError): boolean {
  return error.type === "answeredByOther";
}
