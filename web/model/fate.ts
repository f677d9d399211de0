// What became of a letter that was sent.

import type { EmailSubmission, Picked } from "../jmap/types.js";

export type Became =
  | "waits"
  | "on-its-way"
  /** It was called back, or everybody has it, as far as can be known. */
  | "gone"
  /** Nobody has it: it is a draft again. Or some have it not. */
  | { to: "nobody" | "not-all"; why: string; who: string[] };

/** Reads it from a submission (RFC 8621 §7). */
export function becameOf({ undoStatus, deliveryStatus }: Picked<EmailSubmission, "undoStatus" | "deliveryStatus">): Became {
  if (undoStatus === "pending") return "waits";
  const all = Object.entries(deliveryStatus ?? {});
  const failed = all.filter(([, s]) => s.delivered === "no");
  if (failed.length > 0) return { to: undoStatus === "canceled" ? "nobody" : "not-all", why: words(failed[0]?.[1].smtpReply ?? ""), who: failed.map(([email]) => email) };
  return undoStatus === "final" && all.some(([, s]) => s.delivered === "queued") ? "on-its-way" : "gone";
}

/** What a server's reply says as a sentence, without its numbers (RFC 5321 §4.2, RFC 3463). */
export function words(reply: string): string {
  const text = reply.replace(/^\d{3}[ -]?(?:\d\.\d{1,3}\.\d{1,3} ?)?/, "").trim();
  return text && text.replace(/^\p{Ll}/u, (c) => c.toUpperCase()) + (/[.!?]$/.test(text) ? "" : ".");
}
