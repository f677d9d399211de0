// People to write to: those of the directory, and those whom a mailbox had to do with before.

import type { QueryClient } from "@tanstack/react-query";
import { call, type AccountId, type EmailAddress, type Principal } from "../jmap/client.js";
import { acquaintances, begins, type Correspondence } from "../model/recipients.js";
import type { Server } from "./server.js";

const sentLooked = 300;
const cameLooked = 100;
const leastLetters = 3; // the directory counts the searches of a day
const properties = ["from", "to", "cc", "bcc", "receivedAt"] as const;

export class People {
  readonly #server: Server;
  readonly #cache: QueryClient;
  /** What the directory found whole, by what was typed: a longer word needs no search of its own. */
  readonly #found = new Map<string, Principal[]>();

  constructor(server: Server, cache: QueryClient) {
    this.#server = server;
    this.#cache = cache;
  }

  /** Whom a mailbox wrote to and heard from, the nearest first. */
  known(accountId: AccountId, own: readonly string[]): Promise<EmailAddress[]> {
    return this.#cache.fetchQuery({ queryKey: ["acquaintances", accountId, own], staleTime: 5 * 60_000, queryFn: () => this.#known(accountId, own) });
  }

  /** Whom the directory finds; nobody where it can't be searched. */
  async search(typed: string, signal: AbortSignal): Promise<Principal[]> {
    const text = typed.trim().toLowerCase();
    const accountId = this.#server.session.primaryAccounts["urn:ietf:params:jmap:principals"];
    if (accountId === undefined || !/[\p{L}\p{N}]{3}/u.test(text) || text.length < leastLetters) return [];
    for (const [before, list] of this.#found) {
      if (text.startsWith(before)) return list.filter((p) => begins(text, p.name, p.email, p.description));
    }
    const query = call("Principal/query", { accountId, filter: { text } });
    const [found, { list }] = await this.#server.request([query, call("Principal/get", { accountId, "#ids": query.ref("/ids") })], { signal, act: true });
    const order = new Map(found.ids.map((id, i) => [id, i]));
    const sorted = [...list].sort((a, b) => (order.get(a.id) ?? 0) - (order.get(b.id) ?? 0));
    if (!("limit" in found)) this.#found.set(text, sorted);
    return sorted;
  }

  async #known(accountId: AccountId, own: readonly string[]): Promise<EmailAddress[]> {
    const folders = await this.#server.one(call("Mailbox/get", { accountId, ids: null, properties: ["role"] }));
    const letters = async (role: string, limit: number): Promise<Correspondence[]> => {
      const folder = folders.list.find((f) => f.role === role);
      if (!folder) return [];
      const query = call("Email/query", { accountId, filter: { inMailbox: folder.id }, sort: [{ property: "receivedAt", isAscending: false }], limit });
      const [, { list }] = await this.#server.request([query, call("Email/get", { accountId, "#ids": query.ref("/ids"), properties })]);
      return list;
    };
    const [sent, came] = await Promise.all([letters("sent", sentLooked), letters("inbox", cameLooked)]);
    return acquaintances(sent, came, own);
  }
}
