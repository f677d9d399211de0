// The texts of a letter.

import type { Email, Picked } from "../jmap/types.js";

export type Bodies = Picked<Email, "htmlBody" | "textBody" | "bodyValues">;

const signs: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** The HTML of a letter, with what of it is plain; undefined for a letter without any. */
export function htmlOf({ htmlBody, bodyValues }: Bodies): string | undefined {
  if (!htmlBody.some((p) => p.type === "text/html")) return undefined;
  return htmlBody
    .filter((p) => p.type.startsWith("text/"))
    .map((p) => {
      const value = (p.partId && bodyValues[p.partId]?.value) || "";
      return p.type === "text/html" ? value : `<pre>${value.replace(/[&<>]/g, (c) => signs[c] as string)}</pre>`;
    })
    .join("<hr>");
}

/** The plain text of a letter; of one that has only HTML what can be read of it. */
export function textOf({ textBody, bodyValues }: Bodies): string {
  return textBody
    .filter((p) => p.type.startsWith("text/"))
    .map((p) => {
      const value = (p.partId && bodyValues[p.partId]?.value) || "";
      return p.type === "text/html" ? value.replace(/<(style|script|title)\b[\s\S]*?<\/\1\s*>/gi, "").replace(/<[^>]*>/g, " ").replace(/[ \t]{2,}/g, " ") : value;
    })
    .join("\n");
}

/** Whether a text is longer than what was fetched of it. */
export function isCut({ htmlBody, textBody, bodyValues }: Bodies): boolean {
  return [...htmlBody, ...textBody].some((p) => p.partId && bodyValues[p.partId]?.isTruncated);
}
