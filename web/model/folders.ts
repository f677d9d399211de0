// Folders as people see them: those with a role first, then the others by name, each below the one that it lies in.

import type { Mailbox, MailboxId, MailboxRole } from "../jmap/types.js";

export interface Folder extends Mailbox {
  /** How many it lies in. */
  depth: number;
}

const order: MailboxRole[] = ["inbox", "drafts", "scheduled", "sent", "archive", "junk", "trash"];

function place(m: Mailbox): number {
  const at = m.role === null ? -1 : order.indexOf(m.role);
  return at < 0 ? order.length : at;
}

/** All folders of an account in the order in which they are shown. One that lies in none that is known stands at the root. */
export function foldersOf(list: readonly Mailbox[]): Folder[] {
  const known = new Set(list.map((m) => m.id));
  const within = new Map<MailboxId | null, Mailbox[]>();
  for (const m of list) {
    const parent = m.parentId !== null && known.has(m.parentId) ? m.parentId : null;
    within.set(parent, [...(within.get(parent) ?? []), m]);
  }
  const all: Folder[] = [];
  const add = (parent: MailboxId | null, depth: number) => {
    const here = within.get(parent) ?? [];
    within.delete(parent);
    here.sort((a, b) => place(a) - place(b) || a.sortOrder - b.sortOrder || a.name.localeCompare(b.name, undefined, { numeric: true }));
    for (const m of here) {
      all.push({ ...m, depth });
      add(m.id, depth + 1);
    }
  };
  add(null, 0);
  return all;
}

export function withRole<M extends Mailbox>(list: readonly M[], role: MailboxRole): M | undefined {
  return list.find((m) => m.role === role);
}

/** What the number beside a folder counts: what is unread, and of drafts and letters that wait all. */
export function countOf(m: Mailbox): number {
  if (m.role === "drafts" || m.role === "scheduled") return m.totalEmails;
  if (m.role === "sent" || m.role === "trash") return 0;
  return m.unreadThreads;
}

/** A folder and those that it lies in, the outermost first. */
export function pathOf(list: readonly Mailbox[], m: Mailbox): Mailbox[] {
  const path = [m];
  for (let at = m.parentId; at !== null && path.length <= list.length; at = path[0]?.parentId ?? null) {
    const parent = list.find((f) => f.id === at);
    if (!parent) break;
    path.unshift(parent);
  }
  return path;
}

/** A folder and all that lie in it, however deep. */
export function below(list: readonly Mailbox[], m: Mailbox): Set<MailboxId> {
  return new Set(list.filter((f) => pathOf(list, f).some((p) => p.id === m.id)).map((f) => f.id));
}
