// What is kept of the mail beside the conversations themselves.

import type { AccountId, Identity, Mailbox, Session, ThreadId } from "../../jmap/client.js";
import type { Row } from "../../model/row.js";

export interface Head {
  session: Session;
  folders: Record<AccountId, Mailbox[]>;
  identities: Record<AccountId, Identity[]>;
  /** Lines of the Inboxes, of each account the newest first. */
  rows: Record<AccountId, Row[]>;
}

export const headName = "head";

/** Ids say nothing, so that they may be names. */
export function conversationName(accountId: AccountId, threadId: ThreadId): string {
  return `${accountId}/${threadId}`;
}
