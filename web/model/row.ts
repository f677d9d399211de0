// A line of a list of conversations.

import type { AccountId, Email, EmailId, MailboxId, Picked, ThreadId } from "../jmap/types.js";

export const listed = ["id", "threadId", "mailboxIds", "keywords", "receivedAt", "from", "to", "subject", "preview", "hasAttachment", "size"] as const;
export type Listed = Picked<Email, (typeof listed)[number]>;

export const inThread = ["id", "threadId", "mailboxIds", "keywords", "from", "receivedAt"] as const;
export type InThread = Picked<Email, (typeof inThread)[number]>;

export interface Row {
  accountId: AccountId;
  /** The newest message of the conversation that the list has. */
  email: Listed;
  /** All of the conversation, the oldest first. */
  thread: InThread[];
  /** Where it says what was looked for, as model/snippet.ts reads it. */
  snippet?: { subject: string | null; preview: string | null };
}

export function threadOf(row: Row): ThreadId {
  return row.email.threadId;
}

/** The messages of a conversation that stand in a folder; all where none is given. */
export function within(row: Row, folder: MailboxId | undefined): InThread[] {
  return folder === undefined ? row.thread : row.thread.filter((e) => e.mailboxIds[folder]);
}

export function isUnread(row: Row): boolean {
  return row.thread.some((e) => !e.keywords.$seen && !e.keywords.$draft);
}

export function isFlagged(row: Row): boolean {
  return row.thread.some((e) => e.keywords.$flagged);
}

/** The keyword of letters that were filed to a patient's record, which the service sets (docs/jmap-work.md 8). */
export const filedKeyword = "$havenfiled";

export function isFiled(row: Row): boolean {
  return row.thread.some((e) => e.keywords[filedKeyword]);
}

/** Puts a message's place and marks right in a line. */
export function patched(row: Row, id: EmailId, change: Partial<Pick<Email, "mailboxIds" | "keywords">>): Row {
  const email = row.email.id === id ? { ...row.email, ...change } : row.email;
  return { ...row, email, thread: row.thread.map((e) => (e.id === id ? { ...e, ...change } : e)) };
}

/** Lines by the account that they are of; one empty part where there are none. */
export function byAccount(rows: readonly Row[]): Row[][] {
  const parts = new Map<AccountId, Row[]>();
  for (const r of rows) {
    const part = parts.get(r.accountId);
    if (part) part.push(r);
    else parts.set(r.accountId, [r]);
  }
  return parts.size ? [...parts.values()] : [[]];
}
