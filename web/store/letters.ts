// The letters of a conversation, with what they say.

import { call, type AccountId, type BlobId, type Email, type EmailBodyPart, type Picked, type ThreadId } from "../jmap/client.js";
import type { Server } from "./server.js";

const properties = [
  "id", "blobId", "threadId", "mailboxIds", "keywords", "receivedAt", "sentAt", "size", "subject", "from", "to", "cc", "bcc", "replyTo", "sender",
  "messageId", "inReplyTo", "references", "hasAttachment", "preview", "htmlBody", "textBody", "attachments", "bodyValues",
  "header:Authentication-Results:asText:all", "header:Received:asRaw:all", "header:Haven-Verdict:asText", "header:Sensitivity:asText", "header:Disposition-Notification-To:asAddresses", "header:List-Unsubscribe:asURLs",
] as const;

export type Letter = Picked<Email, (typeof properties)[number]>;
export type { EmailBodyPart };

const bodyProperties = ["partId", "blobId", "size", "name", "type", "charset", "disposition", "cid"] as const;
const longestBody = 1_000_000; // octets that are shown of one text

export interface Conversation {
  accountId: AccountId;
  id: ThreadId;
  /** The oldest first. */
  letters: Letter[];
}

/** A whole conversation; undefined where it is gone. */
export async function conversation(server: Server, accountId: AccountId, id: ThreadId): Promise<Conversation | undefined> {
  const threads = call("Thread/get", { accountId, ids: [id] });
  const emails = call("Email/get", {
    accountId,
    "#ids": threads.ref("/list/*/emailIds"),
    properties,
    bodyProperties: [...bodyProperties],
    fetchHTMLBodyValues: true,
    fetchTextBodyValues: true,
    maxBodyValueBytes: longestBody,
  });
  const [, { list }] = await server.request([threads, emails]);
  if (list.length === 0) return undefined;
  return { accountId, id, letters: [...list].sort((a, b) => (a.receivedAt < b.receivedAt ? -1 : 1)) };
}

const withinProperties = ["subject", "from", "to", "cc", "sentAt", "htmlBody", "textBody", "attachments", "bodyValues"] as const;
export type WithinLetter = Picked<Email, (typeof withinProperties)[number]>;

/** A letter that is attached to another one; null where it can't be read as one. */
export async function parsedLetter(server: Server, accountId: AccountId, blobId: BlobId): Promise<WithinLetter | null> {
  const { parsed } = await server.one(
    call("Email/parse", {
      accountId,
      blobIds: [blobId],
      properties: [...withinProperties],
      bodyProperties: [...bodyProperties],
      fetchHTMLBodyValues: true,
      fetchTextBodyValues: true,
      maxBodyValueBytes: longestBody,
    }),
  );
  return (parsed?.[blobId] as WithinLetter | undefined) ?? null;
}
