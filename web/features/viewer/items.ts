import type { AccountId, BlobId } from "../../jmap/client.js";
import type { Letter } from "../../store/letters.js";
import type { Server } from "../../store/server.js";

/** A file that can be looked at. */
export interface Item {
  name: string;
  type: string;
  size: number;
  load: (signal: AbortSignal) => Promise<Blob>;
  /** Of one at the service: where it is. */
  at?: { accountId: AccountId; blobId: BlobId };
}

/** The attachments of a letter that are not shown within its text. */
export function attachmentsOf(letter: Pick<Letter, "attachments">): Letter["attachments"] {
  return letter.attachments.filter((p) => p.blobId !== null && !(p.cid && p.disposition === "inline" && p.type.startsWith("image/")));
}

/** Attachments as files; unnamed says how one without a name is called. */
export function itemsOf(server: Server, accountId: AccountId, parts: Letter["attachments"], unnamed: (type: string) => string): Item[] {
  return parts.flatMap((p) => {
    const { blobId } = p;
    if (blobId === null) return [];
    return [{ name: p.name ?? unnamed(p.type), type: p.type, size: p.size, at: { accountId, blobId }, load: (signal: AbortSignal) => server.download(accountId, blobId, signal) }];
  });
}

/** Gives a file to the person to keep. */
export function save(blob: Blob, name: string): void {
  const url = URL.createObjectURL(new Blob([blob], { type: "application/octet-stream" }));
  const a = document.createElement("a");
  a.href = url;
  a.download = name;
  a.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
