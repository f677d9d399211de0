// Where the page is: /mail/ACCOUNT/FOLDER/THREAD, /mail/ACCOUNT/search/THREAD?q=…, /mail/ACCOUNT/settings/PAGE, or /mail/ACCOUNT/week/DAY; what is open is in the address, so that it can be kept and gone back to.

import { useSyncExternalStore } from "react";
import type { AccountId, MailboxId, ThreadId } from "../jmap/client.js";
import { workViews, type WorkView } from "../model/views.js";

export const settingsPages = ["reply", "filters", "signature", "notifications", "computer"] as const;
export type SettingsPage = (typeof settingsPages)[number];

export interface Route {
  accountId?: AccountId;
  folder?: MailboxId;
  thread?: ThreadId;
  /** What is looked for; then there is no folder. */
  search?: string;
  /** The folder that one was in when the search began. */
  from?: MailboxId;
  /** Where it looks: in that folder alone, or in all mailboxes; in the whole mailbox where nothing is said. */
  scope?: SearchScope;
  view?: WorkView;
  /** A page of settings; then there is no folder. */
  settings?: SettingsPage;
  /** A day of the week that owners look back at, or "" for this one; then there is no folder. */
  week?: string;
}

export type SearchScope = "folder" | "everywhere";

const root = "/mail/";

export function parse(path: string, query: string): Route {
  const [accountId, place, thread] = path
    .slice(root.length)
    .split("/")
    .map((p) => decodeURIComponent(p));
  const asked = new URLSearchParams(query);
  const search = asked.get("q");
  const view = workViews.find((v) => v === asked.get("view"));
  const [from, scope] = [asked.get("from"), asked.get("scope")];
  return {
    ...(accountId && { accountId }),
    ...(place && place !== "search" && place !== "settings" && place !== "week" && { folder: place }),
    ...(place === "search" && { search: search ?? "", ...(from && { from }), ...((scope === "folder" || scope === "everywhere") && { scope }) }),
    ...(place === "settings" && { settings: settingsPages.find((p) => p === thread) ?? "reply" }),
    ...(place === "week" && { week: thread ?? "" }),
    ...(thread && place !== "settings" && place !== "week" && { thread }),
    ...(view && { view }),
  };
}

export function write(r: Route): string {
  const place = r.settings ? "settings" : r.week !== undefined ? "week" : r.search !== undefined ? "search" : r.folder;
  const parts = [r.accountId, place, r.settings ?? (r.week || r.thread)];
  const end = parts.indexOf(undefined);
  const path = parts.slice(0, end < 0 ? parts.length : end).map((p) => encodeURIComponent(p as string));
  const asked = new URLSearchParams();
  if (r.search !== undefined) {
    asked.set("q", r.search);
    if (r.from) asked.set("from", r.from);
    if (r.scope) asked.set("scope", r.scope);
  }
  if (r.view) asked.set("view", r.view);
  const query = asked.toString();
  return root + path.join("/") + (query ? `?${query}` : "");
}

let current = { href: "", route: {} as Route };

function snapshot(): Route {
  const href = location.pathname + location.search;
  if (href !== current.href) current = { href, route: parse(location.pathname, location.search) };
  return current.route;
}

const watchers = new Set<() => void>();

function watch(told: () => void): () => void {
  watchers.add(told);
  addEventListener("popstate", told);
  return () => {
    watchers.delete(told);
    removeEventListener("popstate", told);
  };
}

export function useRoute(): Route {
  return useSyncExternalStore(watch, snapshot);
}

/** Goes elsewhere; replace: the browser's Back does not lead here. */
export function go(to: Route, replace = false): void {
  const href = write(to);
  if (href === location.pathname + location.search) return;
  history[replace ? "replaceState" : "pushState"](null, "", href);
  for (const told of watchers) told();
}
