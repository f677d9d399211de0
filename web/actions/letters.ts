// What can be done with conversations of a list.

import type { AccountId, EmailId, Mailbox, MailboxId } from "../jmap/client.js";
import { folderName } from "./names.js";
import { withRole } from "../model/folders.js";
import { isFlagged, isUnread, within, type InThread, type Row } from "../model/row.js";
import type { Mail } from "../store/mail.js";
import { t } from "../locales/text.js";
import type { Command } from "./command.js";

/** What commands act upon. */
export interface Chosen {
  mail: Mail;
  accountId: AccountId;
  folders: readonly Mailbox[];
  /** The folder that is looked at; undefined in a search. */
  folder: Mailbox | undefined;
  rows: readonly Row[];
  /** Goes to what stands behind what is about to leave the list. */
  leave?: () => void;
}

type Change = (m: InThread) => { mailboxIds?: Record<MailboxId, true>; keywords?: Record<string, true> } | undefined;

/** Changes the letters of the conversations as change says; those for which it says nothing stay. */
function apply(c: Chosen, letters: (row: Row) => InThread[], change: Change, says?: string): Promise<boolean> {
  const edit = new Map<EmailId, NonNullable<ReturnType<Change>>>();
  const was: InThread[] = [];
  for (const row of c.rows) {
    for (const m of letters(row)) {
      const to = change(m);
      if (!to) continue;
      edit.set(m.id, to);
      was.push(m);
    }
  }
  return edit.size === 0 ? Promise.resolve(true) : c.mail.edit(c.accountId, edit, was, says);
}

/** Moves the conversations, as far as they stand in the folder that is looked at, to another. What goes to Junk or comes from there is marked so. */
export function moveTo(c: Chosen, to: Mailbox, says: string): Promise<boolean> {
  c.leave?.();
  const keyword = junkMark(c.folder, to);
  const change: Change = (m) => {
    const { [keyword?.drop ?? ""]: _, ...kept } = m.keywords;
    return { mailboxIds: placesAfter(m, c.folder, to), ...(keyword && { keywords: { ...kept, [keyword.add]: true as const } }) };
  };
  return apply(c, (row) => movedOf(c, row), change, says);
}

/** Where a letter stands once it was moved. What it has in folders that nobody looks at stays. */
function placesAfter(m: InThread, from: Mailbox | undefined, to: Mailbox): Record<MailboxId, true> {
  if (!from) return { [to.id]: true };
  const { [from.id]: _, ...others } = m.mailboxIds;
  return { ...others, [to.id]: true };
}

function junkMark(from: Mailbox | undefined, to: Mailbox): { add: string; drop: string } | undefined {
  if (to.role === "junk") return { add: "$junk", drop: "$notjunk" };
  return from?.role === "junk" && to.role !== "trash" ? { add: "$notjunk", drop: "$junk" } : undefined;
}

/** The letters of a conversation that are moved with it: those of the folder that is looked at. */
export function movedOf(c: Chosen, row: Row): InThread[] {
  return c.folder ? within(row, c.folder.id) : row.thread.filter((m) => !stays(c, m));
}

/** In a search a conversation is moved but for what stands in Sent, Drafts and Scheduled. */
function stays(c: Chosen, m: InThread): boolean {
  return c.folders.some((f) => (f.role === "sent" || f.role === "drafts" || f.role === "scheduled") && m.mailboxIds[f.id]);
}

function mark(c: Chosen, keyword: string, on: boolean, letters: (row: Row) => InThread[], says?: string): Promise<boolean> {
  const change: Change = (m) => {
    if (Boolean(m.keywords[keyword]) === on) return undefined;
    const { [keyword]: _, ...others } = m.keywords;
    return { keywords: on ? { ...others, [keyword]: true } : others };
  };
  return apply(c, letters, change, says);
}

export function markRead(c: Chosen, read: boolean, says?: string): Promise<boolean> {
  return mark(c, "$seen", read, (row) => (read ? row.thread : row.thread.slice(-1)), says);
}

export function markFlagged(c: Chosen, on: boolean): Promise<boolean> {
  return mark(c, "$flagged", on, (row) => (on ? row.thread.slice(-1) : row.thread));
}

const some = (c: Chosen) => c.rows.length > 0;
export const mayLeave = (c: Chosen) => some(c) && (c.folder?.myRights.mayRemoveItems ?? true);
const isIn = (c: Chosen, ...roles: (string | null)[]) => roles.includes(c.folder?.role ?? null);

function toRole(role: "archive" | "trash" | "junk" | "inbox", says: (n: number) => string) {
  return async (c: Chosen) => {
    const to = withRole(c.folders, role);
    if (to) await moveTo(c, to, says(c.rows.length));
  };
}

const mayGo = (c: Chosen, role: "archive" | "trash" | "junk" | "inbox") => mayLeave(c) && withRole(c.folders, role)?.myRights.mayAddItems === true && !isIn(c, role);

export const archive: Command<Chosen> = {
  id: "archive",
  icon: "archive",
  name: () => t.archive,
  keys: ["e"],
  may: (c) => mayGo(c, "archive") && !isIn(c, "drafts", "scheduled"),
  run: toRole("archive", t.archived),
};

export const remove: Command<Chosen> = {
  id: "remove",
  icon: "remove",
  name: () => t.remove,
  keys: ["#", "Delete"],
  may: (c) => mayGo(c, "trash"),
  run: toRole("trash", t.removed),
};

export const junk: Command<Chosen> = {
  id: "junk",
  icon: "junk",
  name: (c) => (isIn(c, "junk") ? t.notJunk : t.junk),
  keys: ["!"],
  may: (c) => (isIn(c, "junk") ? mayGo(c, "inbox") : mayGo(c, "junk") && !isIn(c, "sent", "drafts", "scheduled")),
  run: (c) =>
    isIn(c, "junk") ? toRole("inbox", (n) => t.moved(n, folderName({ name: "Inbox", role: "inbox" })))(c) : toRole("junk", t.junked)(c),
};

export const toggleRead: Command<Chosen> = {
  id: "toggle-read",
  icon: "read",
  name: (c) => (c.rows.some(isUnread) ? t.markRead : t.markUnread),
  keys: ["Shift+U"],
  may: (c) => some(c) && (c.folder?.myRights.maySetSeen ?? true),
  run: async (c) => {
    const read = c.rows.some(isUnread);
    await markRead(c, read, (read ? t.markedRead : t.markedUnread)(c.rows.length));
  },
};

export const toggleFlag: Command<Chosen> = {
  id: "toggle-flag",
  icon: "flag",
  name: (c) => (some(c) && c.rows.every(isFlagged) ? t.unflag : t.flag),
  keys: ["s"],
  may: (c) => some(c) && (c.folder?.myRights.maySetKeywords ?? true),
  run: async (c) => {
    await markFlagged(c, !c.rows.every(isFlagged));
  },
};

/** For good, of what was deleted already or is junk. */
export const destroy: Command<Chosen> = {
  id: "destroy",
  icon: "remove",
  name: () => t.destroy,
  keys: ["#", "Shift+Delete"],
  may: (c) => isIn(c, "trash", "junk") && mayLeave(c),
  run: async (c) => {
    const ids = c.rows.flatMap((row) => movedOf(c, row)).map((m) => m.id);
    const sure = await c.mail.questions.ask({ title: t.destroyTitle(c.rows.length), text: t.destroyText, yes: t.destroy, grave: true });
    if (!sure) return;
    c.leave?.();
    if (await c.mail.destroy(c.accountId, ids)) c.mail.undo.add(t.destroyed(c.rows.length));
  },
};

