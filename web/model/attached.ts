// Letters that go with another letter, each whole in a file of its own.

import type { Email, Picked } from "../jmap/types.js";
import type { LetterFile } from "./content.js";

export const attachable = ["id", "blobId", "size", "subject", "messageId", "bcc", "keywords", "receivedAt"] as const;
export type Attachable = Picked<Email, (typeof attachable)[number]>;

const longestName = 80; // characters

/** A letter's subject as the name of a file; nameless is that of one without. */
export function fileName(subject: string | null, nameless: string): string {
  const plain = (subject ?? "")
    .replace(/[\p{Cc}\p{Cf}]/gu, "")
    .replace(/[/\\:*?"<>|]+/g, "-")
    .replace(/\s+/g, " ")
    .replace(/^[\s.]+|[\s.]+$/g, "");
  return [...(plain || nameless)].slice(0, longestName).join("").trimEnd();
}

/** Letters as files, the oldest first. Those of the same subject are numbered. */
export function asFiles(letters: readonly Attachable[], nameless: string): LetterFile[] {
  const used = new Map<string, number>();
  return [...letters]
    .sort((a, b) => (a.receivedAt < b.receivedAt ? -1 : 1))
    .map((l) => {
      const name = fileName(l.subject, nameless);
      const n = (used.get(name.toLowerCase()) ?? 0) + 1;
      used.set(name.toLowerCase(), n);
      return { key: crypto.randomUUID(), name: n === 1 ? `${name}.eml` : `${name} (${n}).eml`, type: "message/rfc822", size: l.size, blobId: l.blobId };
    });
}
