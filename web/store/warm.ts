import { firstAccount, mailAccounts } from "../model/mailboxes.js";
import type { Mail } from "./mail.js";
import type { Route } from "./route.js";

/** Fetches what the page shows first, while the page itself is still being made. */
export function warm(mail: Mail, route: Route): void {
  const accounts = mailAccounts(mail.session());
  const account = accounts.find((a) => a.id === route.accountId) ?? firstAccount(accounts);
  for (const a of accounts) void mail.cache.prefetchQuery(mail.folders(a.id));
  if (account && account.id === route.accountId && route.folder) {
    mail.list({ accountId: account.id, filter: { inMailbox: route.folder }, folder: route.folder }).look(0, 20);
    if (route.thread) void mail.cache.prefetchQuery(mail.conversation(account.id, route.thread));
  }
}
