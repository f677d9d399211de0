import { useQueries } from "@tanstack/react-query";
import { useMemo } from "react";
import type { AccountId, EmailCondition, Filter, Mailbox } from "../../jmap/client.js";
import { mailAccounts, type MailAccount } from "../../model/mailboxes.js";
import { searchOf } from "../../model/search.js";
import type { MailList } from "../../store/list.js";
import type { Route } from "../../store/route.js";
import { useMail, useSession } from "../../ui/mail.js";

export interface Shown {
  list: MailList | undefined;
  /** Of each mailbox, those that are known. */
  folders: ReadonlyMap<AccountId, readonly Mailbox[]>;
  /** What is marked in what was found. */
  words: readonly string[];
  /** What could not be understood of what was typed. */
  unclear: readonly string[];
}

/** The list that the address of the page names: a folder, or what a search finds in it, in its mailbox, or in all. */
export function useList(account: MailAccount, route: Route): Shown {
  const mail = useMail();
  const session = useSession();
  const accounts = useMemo(() => mailAccounts(session), [session]);
  const folders = useQueries({
    queries: accounts.map((a) => mail.folders(a.id)),
    combine: (all) => all.map((q) => q.data),
  });
  const byAccount = useMemo(() => new Map(accounts.flatMap((a, i) => (folders[i] ? [[a.id, folders[i]] as const] : []))), [accounts, folders]);
  const own = byAccount.get(account.id);
  const known = own?.find((f) => f.id === route.folder);
  const folder = known?.id;
  const view = known?.role === "inbox" && mail.work.isIn(account.id) && route.view !== "all" ? route.view : undefined;
  const names = [...byAccount.values()].flat().map((f) => f.id + f.name).join("\n"); // counts change all the time, and say nothing to a search

  return useMemo(() => {
    const none = { folders: byAccount, words: [], unclear: [] };
    if (!own && (route.search !== undefined || route.folder === undefined)) return { ...none, list: undefined };
    if (!own && route.view !== undefined) return { ...none, list: undefined };
    if (!own) return { ...none, list: mail.list({ accountId: account.id, filter: { inMailbox: route.folder as string }, folder: route.folder as string }) }; // without waiting for what the folder is called
    if (route.search === undefined) return { ...none, list: folder && mail.list({ accountId: account.id, filter: { inMailbox: folder }, folder, ...(view && { view }) }) };
    const now = new Date();
    const { filter, words, unclear } = searchOf(route.search, own, now);
    const asked = { accountId: account.id, words: words.length > 0 };
    if (route.scope === "everywhere") {
      const everywhere: Record<AccountId, Filter<EmailCondition>> = {};
      for (const [id, theirs] of byAccount) everywhere[id] = searchOf(route.search, theirs, now).filter;
      return { ...none, list: mail.list({ ...asked, filter, everywhere }), words, unclear };
    }
    const inFolder = route.scope === "folder" && route.from !== undefined;
    return { ...none, list: mail.list({ ...asked, filter: inFolder ? { operator: "AND", conditions: [{ inMailbox: route.from as string }, filter] } : filter }), words, unclear };
  }, [mail, account.id, folder, view, names, own === undefined, route.folder, route.view, route.search, route.scope, route.from]); // eslint-disable-line -- names stands for the folders
}
