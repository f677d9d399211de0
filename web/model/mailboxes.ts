// The mailboxes of a session: the own one first, then the shared ones by name.

import type { Account, AccountId, Session } from "../jmap/types.js";

export interface MailAccount extends Account {
  id: AccountId;
  /** Which colour it has: 0 the own one, shared ones from 1. */
  colour: number;
}

const colours = 4;

/** All accounts with mail. */
export function mailAccounts(session: Session): MailAccount[] {
  const all = Object.entries(session.accounts).filter(([, a]) => a.accountCapabilities["urn:ietf:params:jmap:mail"]);
  all.sort(([, a], [, b]) => Number(b.isPersonal) - Number(a.isPersonal) || a.name.localeCompare(b.name));
  let shared = 0;
  return all.map(([id, a]) => ({ ...a, id, colour: a.isPersonal ? 0 : 1 + (shared++ % colours) }));
}

/** Where the page begins: at the premises. */
export function firstAccount(all: readonly MailAccount[]): MailAccount | undefined {
  return all.find((a) => !a.isPersonal) ?? all[0];
}

/** The colour of a mailbox, as a value of CSS. */
export function colourOf(a: Pick<MailAccount, "colour">): string {
  return a.colour === 0 ? "var(--own)" : `var(--shared-${a.colour})`;
}

/** A mailbox's name without what stands in brackets: of a premises its kind and code (Rules 2). */
export function shortOf(a: Pick<Account, "name">): string {
  return a.name.replace(/\s*\(.*\)$/, "") || a.name;
}
