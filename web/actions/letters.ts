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

/** Moves the conversations, as far as they stand in the folder that is looked at, to another. */
export function moveTo(c: Chosen, to: Mailbox, says: string, keyword?: { add?: string; drop?: string }): Promise<boolean> {
  c.leave?.();
  const from = c.folder;
  const change: Change = (m) => {
    const { [from?.id ?? ""]: _, ...others } = m.mailboxIds;
    const { [keyword?.drop ?? ""]: __, ...kept } = m.keywords;
    return {
      mailboxIds: from ? { ...others, [to.id]: true } : { [to.id]: true },
      ...(keyword && { keywords: { ...kept, ...(keyword.add && { [keyword.add]: true as const }) } }),
    };
  };
  const ours = (row: Row) => (from ? within(row, from.id) : row.thread.filter((m) => !stays(c, m)));
  return apply(c, ours, change, says);
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
const mayLeave = (c: Chosen) => some(c) && (c.folder?.myRights.mayRemoveItems ?? true);
const isIn = (c: Chosen, ...roles: (string | null)[]) => roles.includes(c.folder?.role ?? null);

function toRole(role: "archive" | "trash" | "junk" | "inbox", says: (n: number) => string, keyword?: { add?: string; drop?: string }) {
  return async (c: Chosen) => {
    const to = withRole(c.folders, role);
    if (to) await moveTo(c, to, says(c.rows.length), keyword);
  };
}

const mayGo = (c: Chosen, role: "archive" | "trash" | "junk" | "inbox") => mayLeave(c) && withRole(c.folders, role)?.myRights.mayAddItems === true && !isIn(c, role);

export const archive: Command<Chosen> = {
  id: "archive",
  name: () => t.archive,
  keys: ["e"],
  may: (c) => mayGo(c, "archive") && !isIn(c, "drafts", "scheduled"),
  run: toRole("archive", t.archived),
};

export const remove: Command<Chosen> = {
  id: "remove",
  name: () => t.remove,
  keys: ["#", "Delete"],
  may: (c) => mayGo(c, "trash"),
  run: toRole("trash", t.removed),
};

export const junk: Command<Chosen> = {
  id: "junk",
  name: (c) => (isIn(c, "junk") ? t.notJunk : t.junk),
  keys: ["!"],
  may: (c) => (isIn(c, "junk") ? mayGo(c, "inbox") : mayGo(c, "junk") && !isIn(c, "sent", "drafts", "scheduled")),
  run: (c) =>
    isIn(c, "junk")
      ? toRole("inbox", (n) => t.moved(n, folderName({ name: "Inbox", role: "inbox" })), { add: "$notjunk", drop: "$junk" })(c)
      : toRole("junk", t.junked, { add: "$junk", drop: "$notjunk" })(c),
};

export const toggleRead: Command<Chosen> = {
  id: "toggle-read",
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
  name: (c) => (some(c) && c.rows.every(isFlagged) ? t.unflag : t.flag),
  keys: ["s"],
  may: (c) => some(c) && (c.folder?.myRights.maySetKeywords ?? true),
  run: async (c) => {
    await markFlagged(c, !c.rows.every(isFlagged));
  },
};

/** In the order in which they are shown. */
export const letterCommands: readonly Command<Chosen>[] = [archive, remove, junk, toggleRead, toggleFlag];
