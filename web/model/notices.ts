// What a push from the service says, and what of it is shown: in which mailbox there is new mail, and nothing of the mail.

import type { AccountId, StateChange } from "../jmap/types.js";

/** Has the device prove that pushes arrive (RFC 8620 §7.2.2). */
export interface Verification {
  "@type": "PushVerification";
  pushSubscriptionId: string;
  verificationCode: string;
}

/** What a browser keeps to know what is new: ids and states, no words. */
export interface Noted {
  /** The mailboxes of which it tells. */
  accounts: readonly AccountId[];
  /** The state of delivery that it knows of each. */
  states: Readonly<Record<AccountId, string>>;
}

/** Reads a push; undefined: it is none of ours. */
export function pushed(text: string): Verification | StateChange | undefined {
  let says: unknown;
  try {
    says = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof says !== "object" || says === null) return undefined;
  const { "@type": type, changed, pushSubscriptionId, verificationCode } = says as Record<string, unknown>;
  if (type === "StateChange" && typeof changed === "object" && changed !== null) return says as StateChange;
  if (type === "PushVerification" && typeof pushSubscriptionId === "string" && typeof verificationCode === "string") return says as Verification;
  return undefined;
}

/** The mailboxes with new mail, of those that were chosen, and what is known then. A state that is the first that is heard of a mailbox tells nothing new. */
export function newMail(change: StateChange, noted: Noted): { arrived: AccountId[]; noted: Noted } {
  const arrived: AccountId[] = [];
  const states = { ...noted.states };
  for (const accountId of noted.accounts) {
    const state = change.changed[accountId]?.EmailDelivery;
    if (typeof state !== "string" || states[accountId] === state) continue;
    if (states[accountId] !== undefined) arrived.push(accountId);
    states[accountId] = state;
  }
  return { arrived, noted: { ...noted, states } };
}

/** What is shown of new mail. */
export interface Notice {
  title: string;
  body: string;
  /** A newer one takes the place of an older one. */
  tag: AccountId;
  /** What it opens. */
  path: string;
}

/** A notice of new mail in a mailbox; name is undefined where the page is locked, so that nobody may know of the mailbox. */
export function noticeOf(accountId: AccountId, name: string | undefined, words: { service: string; newMail: string }): Notice {
  return { title: name ?? words.service, body: words.newMail, tag: accountId, path: `/mail/${encodeURIComponent(accountId)}` };
}
