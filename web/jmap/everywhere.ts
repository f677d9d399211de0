// One list out of several accounts. A method looks in one account (RFC 8620 §3.2); a request has a call for each.

import { call, type Call } from "./calls.js";
import type { Client, RequestOptions } from "./client.js";
import type { AccountId, Email, EmailCondition, Filter, Picked } from "./types.js";

/** A message, and the account that it is in. */
export interface Found<K extends keyof Email> {
  accountId: AccountId;
  email: Picked<Email, K | "id" | "receivedAt">;
}

export interface Everywhere<K extends keyof Email> {
  /** The newest first. */
  list: Found<K>[];
  /** In all accounts together. */
  total: number;
}

/** What it takes of a client. */
type Asker = Pick<Client, "session" | "request">;

export interface EverywhereOptions extends RequestOptions {
  position?: number;
  limit?: number;
  /** Of each Thread of an account only the newest message that is found. */
  collapseThreads?: boolean;
}

/**
 * The newest messages that a filter finds in several accounts, from position on. Their properties, and of each id and receivedAt. A filter that names
 * what an account alone has, such as a folder, is a function of the account.
 */
export async function everywhere<const K extends keyof Email>(
  client: Asker,
  accountIds: readonly AccountId[],
  filter: Filter<EmailCondition> | ((accountId: AccountId) => Filter<EmailCondition>),
  properties: readonly K[],
  { position = 0, limit = 50, collapseThreads = false, ...options }: EverywhereOptions = {},
): Promise<Everywhere<K>> {
  const names = ["receivedAt", ...properties] as const;
  const calls = accountIds.map((accountId) => {
    // Any of the first ones of an account may be among the first of all.
    const found = call("Email/query", {
      accountId,
      filter: typeof filter === "function" ? filter(accountId) : filter,
      sort: [{ property: "receivedAt", isAscending: false }],
      limit: position + limit,
      collapseThreads,
      calculateTotal: true,
    });
    const emails = call("Email/get", { accountId, "#ids": found.ref("/ids"), properties: names });
    return [found, emails] as const;
  });
  const most = Math.max(1, Math.floor(client.session.capabilities["urn:ietf:params:jmap:core"].maxCallsInRequest / 2));
  let total = 0;
  const list: Found<K>[] = [];
  for (let from = 0; from < calls.length; from += most) {
    const part = calls.slice(from, from + most);
    const answers: readonly unknown[] = await client.request(part.flat() as Call<"Email/query" | "Email/get">[], options);
    part.forEach((_, i) => {
      const accountId = accountIds[from + i] as AccountId;
      total += (answers[2 * i] as { total?: number }).total ?? 0;
      const { list: emails } = answers[2 * i + 1] as { list: Found<K>["email"][] };
      list.push(...emails.map((email) => ({ accountId, email })));
    });
  }
  const arrived = ({ email }: Found<K>) => (email as { receivedAt: string }).receivedAt;
  list.sort((a, b) => (arrived(a) < arrived(b) ? 1 : arrived(a) > arrived(b) ? -1 : 0));
  return { list: list.slice(position, position + limit), total };
}
