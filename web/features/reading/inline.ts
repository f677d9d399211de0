import type { AccountId } from "../../jmap/client.js";
import type { Letter } from "../../store/letters.js";
import type { Server } from "../../store/server.js";

/** Where a picture that a letter shows within its text is read; undefined for one that it has not. */
export function inlinePicture(server: Server, accountId: AccountId, letter: Pick<Letter, "attachments">, cid: string): string | undefined {
  const part = letter.attachments.find((p) => p.cid === cid && /^image\/(?:png|jpe?g|gif|webp)$/i.test(p.type));
  return part?.blobId ? server.downloadUrl(accountId, part.blobId, part.name ?? "picture", part.type) : undefined;
}
