// Answers and forwarded letters: to whom they go, what they are about, and what they belong to.

import type { Email, EmailAddress } from "../jmap/types.js";
import { unique } from "./people.js";

export type Answer = "reply" | "reply-all" | "forward";

export type Answered = Pick<Email, "from" | "to" | "cc" | "replyTo" | "subject" | "messageId" | "inReplyTo" | "references">;

/** Whom an answer goes to. own are the addresses that one writes as: nobody writes to oneself, unless there is nobody else. */
export function answerTo(letter: Answered, all: boolean, own: readonly string[]): { to: EmailAddress[]; cc: EmailAddress[] } {
  const isOwn = (a: EmailAddress) => own.some((o) => o.toLowerCase() === a.email.toLowerCase());
  const others = (list: readonly EmailAddress[] | null) => unique((list ?? []).filter((a) => a.email.includes("@") && !isOwn(a)));
  const isMine = letter.from?.some(isOwn) ?? false;
  const wanted = letter.replyTo?.length ? letter.replyTo : (letter.from ?? []);
  const first = isMine ? others(letter.to) : unique(wanted.filter((a) => a.email.includes("@")));
  const to = first.length ? first : unique(wanted);
  if (!all) return { to, cc: [] };
  const whole = unique([...to, ...(isMine ? [] : others(letter.to))]);
  const cc = others(letter.cc).filter((a) => !whole.some((b) => b.email.toLowerCase() === a.email.toLowerCase()));
  return { to: whole, cc };
}

/** Whether there is anybody beside whom an answer goes to. */
export function hasOthers(letter: Answered, own: readonly string[]): boolean {
  const one = answerTo(letter, false, own);
  const all = answerTo(letter, true, own);
  return all.to.length + all.cc.length > one.to.length;
}

const answering = /^\s*(?:(?:re|aw|sv|fwd?|wg|tr)\s*(?:\[\d+\])?\s*:\s*)+/i;

/** What an answer is about: one "Re:", whatever stood before. */
export function answerSubject(subject: string | null, kind: Answer): string {
  const bare = (subject ?? "").replace(answering, "").trim();
  return `${kind === "forward" ? "Fwd" : "Re"}: ${bare}`.trim();
}

const mostReferences = 50;

/** What an answer belongs to (RFC 5322 §3.6.4). */
export function answerReferences(letter: Answered): { inReplyTo: string[] | null; references: string[] | null } {
  const id = letter.messageId?.[0];
  if (!id) return { inReplyTo: null, references: null };
  const before = letter.references ?? (letter.inReplyTo?.length === 1 ? letter.inReplyTo : []);
  const chain = [...before.filter((r) => r !== id), id];
  return { inReplyTo: [id], references: chain.length > mostReferences ? [chain[0] as string, ...chain.slice(1 - mostReferences)] : chain };
}
