// Who handles a conversation of a shared mailbox, as it is and as it becomes (docs/jmap-work.md 2).

import type { AccountId, PrincipalId, Session, SetError, ThreadId, WorkCounts, WorkItem, WorkItemPatch, WorkPresence } from "../jmap/types.js";
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

/** In which view besides "all" a conversation stands. */
export function viewOf(item: Pick<WorkItem, "status" | "handledBy">, me: AccountId | undefined): Exclude<WorkView, "all"> {
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

/** Somebody to whom a conversation can be handed over: as it is seen in the mailbox, or found in the directory. */
export interface Colleague {
  id: AccountId | PrincipalId;
  name: string;
  /** What tells namesakes apart. */
  about?: string;
}

/** Who was seen at work, those who did most first. */
export function seenAt(items: readonly WorkItem[], here: readonly WorkPresence[]): Colleague[] {
  const of = new Map<AccountId, { name: string; times: number }>();
  const add = (id: AccountId | null, name: string | null) => {
    if (id && name) of.set(id, { name, times: (of.get(id)?.times ?? 0) + 1 });
  };
  for (const i of items) {
    add(i.handledBy, i.handledByName);
    add(i.doneBy, i.doneByName);
    add(i.answeredBy, i.answeredByName);
  }
  for (const p of here) add(p.person, p.personName);
  return [...of].sort(([, a], [, b]) => b.times - a.times || a.name.localeCompare(b.name)).map(([id, { name }]) => ({ id, name }));
}

/** What the directory is asked for people of a mailbox: its name without what stands in brackets, "Pharmacy FAQ06". */
export function placeOf(mailbox: string): string {
  return mailbox.replace(/\(.*\)/g, " ").trim() || mailbox;
}

/** Whom the directory has, and who was seen besides; without the person who asks. The ids of one person differ there, so that names tell. */
export function together(directory: readonly Colleague[], seen: readonly Colleague[], me: AccountId | undefined): Colleague[] {
  const names = new Set(directory.map((c) => c.name));
  return [...directory, ...seen.filter((c) => c.id !== me && !names.has(c.name))];
}

/** Whether a letter was not sent since a colleague has answered; the description says who and when (docs/jmap-work.md 6). */
export function isSecondReply(error: SetError): boolean {
  return error.type === "answeredByOther";
}
