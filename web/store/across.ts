// Letters that go from one mailbox to another: they are copied there, and then leave where they were (RFC 8621 §4.7).

import { call, SetFailed, type AccountId, type EmailId, type MailboxId, type SetError } from "../jmap/client.js";
import type { InThread } from "../model/row.js";
import type { Server } from "./server.js";

/** A letter, and the folders in which its copy is to stand. */
export interface Crossing {
  letter: Pick<InThread, "id" | "keywords" | "receivedAt">;
  into: Record<MailboxId, true>;
}

/**
 * Copies letters into another account, and deletes the originals where they are to leave. Gives the new ids by the old ones, of those that were there.
 * Throws SetFailed of the first that was refused; what went before stays done.
 */
export async function cross(server: Server, from: AccountId, to: AccountId, letters: readonly Crossing[], leave: boolean): Promise<Map<EmailId, EmailId>> {
  const most = server.session.capabilities["urn:ietf:params:jmap:core"].maxObjectsInSet;
  const went = new Map<EmailId, EmailId>();
  for (let at = 0; at < letters.length; at += most) {
    const create = Object.fromEntries(
      letters.slice(at, at + most).map(({ letter: { id, keywords, receivedAt }, into }, i) => [`c${at + i}`, { id, mailboxIds: into, keywords, receivedAt }]),
    );
    const answer = await server.one(call("Email/copy", { fromAccountId: from, accountId: to, create, onSuccessDestroyOriginal: leave }), { act: true });
    for (const [cid, copy] of Object.entries(answer.created ?? {})) went.set(create[cid]!.id, copy.id);
    for (const [cid, why] of Object.entries(answer.notCreated ?? {})) refused(create[cid]!.id, why, went);
  }
  return went;
}

function refused(id: EmailId, why: SetError, went: Map<EmailId, EmailId>): void {
  const there = why.type === "alreadyExists" ? (why.existingId as EmailId | undefined) : undefined;
  if (there) went.set(id, there);
  else if (why.type !== "notFound") throw new SetFailed(id, why);
}
