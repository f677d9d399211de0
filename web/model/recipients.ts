// Whom one may mean while an address is typed: people of the directory, and those whom one wrote to before.

import type { Email, EmailAddress, Picked, Principal } from "../jmap/types.js";

export interface Suggestion {
  address: EmailAddress;
  /** What somebody does and where, so that namesakes are told apart. */
  about: string | null;
  /** A mailbox that several people read. */
  isShared: boolean;
}

export type Correspondence = Picked<Email, "from" | "to" | "cc" | "bcc" | "receivedAt">;

const bySent = 3; // whom one wrote to counts more than who wrote

/** Everybody whom letters were sent to and came from, those first whom one has to do with most and last. */
export function acquaintances(sent: readonly Correspondence[], came: readonly Correspondence[], own: readonly string[]): EmailAddress[] {
  const all = new Map<string, { address: EmailAddress; weight: number }>();
  const not = new Set(own.map((o) => o.toLowerCase()));
  const add = (list: readonly EmailAddress[] | null, weight: number) => {
    for (const a of list ?? []) {
      const key = a.email.toLowerCase();
      if (!key.includes("@") || not.has(key)) continue;
      const known = all.get(key);
      if (!known) all.set(key, { address: a, weight });
      else {
        known.weight += weight;
        if (!known.address.name && a.name) known.address = a;
      }
    }
  };
  sent.forEach((e, i) => [e.to, e.cc, e.bcc].forEach((list) => add(list, (bySent * 10) / (10 + i))));
  came.forEach((e, i) => add(e.from, 10 / (10 + i)));
  return [...all.values()].sort((a, b) => b.weight - a.weight).map((x) => x.address);
}

const words = (text: string) => text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "").split(/[^\p{L}\p{N}]+/u).filter(Boolean);

/** Whether each word of what is typed begins one of some texts. */
export function begins(typed: string, ...texts: (string | null)[]): boolean {
  const there = texts.flatMap((t) => words(t ?? ""));
  const wanted = words(typed);
  return wanted.length > 0 && wanted.every((w) => there.some((t) => t.startsWith(w)));
}

const most = 8;

/** Whom to offer: known people first, then those whom the directory found; nobody twice, and none that stands there already. */
export function suggestionsOf(typed: string, known: readonly EmailAddress[], found: readonly Principal[], there: readonly EmailAddress[]): Suggestion[] {
  const taken = new Set(there.map((a) => a.email.toLowerCase()));
  const listed = new Map(found.flatMap((p) => (p.email ? [[p.email.toLowerCase(), p] as const] : [])));
  const out: Suggestion[] = [];
  const add = (address: EmailAddress, p: Principal | undefined) => {
    const key = address.email.toLowerCase();
    if (taken.has(key) || out.length >= most) return;
    taken.add(key);
    out.push({ address: { name: p?.name || address.name, email: p?.email ?? address.email }, about: p?.description ?? null, isShared: p?.type === "group" });
  };
  for (const a of known) if (begins(typed, a.name, a.email)) add(a, listed.get(a.email.toLowerCase()));
  for (const p of found) if (p.email && begins(typed, p.name, p.email, p.description)) add({ name: p.name, email: p.email }, p);
  return out;
}
