// What of the mail a browser keeps to be read without the service, and when that has to go.

import type { AccountId, ThreadId } from "../jmap/types.js";

/** When the service was heard last, and what the clock said last, in milliseconds since 1970. */
export interface Contact {
  heard: number;
  seen: number;
}

const slack = 5 * 60_000; // milliseconds by which clocks are put right

/**
 * Why what is kept may not be opened: too long ago the service was heard, or the clock was put back to make it seem sooner. undefined: it may.
 * seconds is for how long the service lets it be opened; nothing, where that is not known.
 */
export function whyOver({ heard, seen }: Contact, now: number, seconds: number): "late" | "clock" | undefined {
  if (!(now - heard < seconds * 1000)) return "late"; // so that what is no number is over too
  return now < Math.max(heard, seen) - slack ? "clock" : undefined;
}

/** Bounds of what is kept. */
export const keeps = { days: 30, conversations: 500, octets: 50_000_000 } as const;

/** A conversation that may be kept, the newest first in its list. */
export interface Candidate {
  accountId: AccountId;
  threadId: ThreadId;
  at: string;
}

/** Which conversations are kept: the newest of all mailboxes together. */
export function chosen(all: readonly Candidate[], now: Date): Candidate[] {
  const since = new Date(now.getTime() - keeps.days * 86_400_000).toISOString();
  const recent = all.filter((c) => c.at >= since);
  return recent.sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0)).slice(0, keeps.conversations);
}

const shortest = 12; // characters

/** What is wrong with a passphrase. */
export function passphraseLacks(text: string, again: string): "short" | "easy" | "differs" | undefined {
  if ([...text].length < shortest) return "short";
  if (new Set(text.toLowerCase()).size < 6) return "easy";
  return text === again ? undefined : "differs";
}
