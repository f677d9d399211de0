// The letters of a conversation, with what they say.

import { call, SetFailed, type AccountId, type BlobId, type Email, type EmailBodyPart, type EmailHeader, type EmailId, type IdentityId, type Picked, type ThreadId } from "../jmap/client.js";
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

/** All headers of a letter as they came, in their order. */
export async function headersOf(server: Server, accountId: AccountId, id: EmailId): Promise<EmailHeader[]> {
  const { list } = await server.one(call("Email/get", { accountId, ids: [id], properties: ["headers"] }));
  return list[0]?.headers ?? [];
}

/** Tells who asked for it that a letter was opened; the service marks the letter as answered. Throws SetFailed where it does not. */
export async function sendReceipt(server: Server, accountId: AccountId, identityId: IdentityId, forEmailId: EmailId): Promise<void> {
  const disposition = { actionMode: "manual-action", sendingMode: "mdn-sent-manually", type: "displayed" } as const;
  const { notSent } = await server.one(call("MDN/send", { accountId, identityId, send: { r: { forEmailId, disposition } }, onSuccessUpdateEmail: { "#r": { "keywords/$mdnsent": true } } }), { act: true });
  const why = notSent?.r;
  if (why) throw new SetFailed("r", why);
}
