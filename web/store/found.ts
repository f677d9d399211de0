// Lines of what was found: out of several mailboxes at once, and where letters say what was looked for.

import { call, everywhere, type AccountId, type EmailCondition, type EmailId, type Filter, type SearchSnippet, type ThreadId } from "../jmap/client.js";
import { inThread, listed, type InThread, type Listed, type Row } from "../model/row.js";
import type { Asked } from "./list.js";
import type { Server } from "./server.js";

export interface Found {
  total: number;
  rows: Row[];
}

/** Conversations of several accounts, the newest first. Each account is asked for all before them, so that there is an end: at what one /get gives. */
export async function rowsEverywhere(server: Server, filters: Readonly<Record<AccountId, Filter<EmailCondition>>>, position: number, limit: number): Promise<Found> {
  const most = server.session.capabilities["urn:ietf:params:jmap:core"].maxObjectsInGet;
  if (position + limit > most) return { total: most, rows: [] };
  const found = await everywhere(server, Object.keys(filters), (id) => filters[id] ?? {}, listed, { position, limit, collapseThreads: true });
  const threads = await threadsOf(server, found.list);
  const rows = found.list.map(({ accountId, email }): Row => {
    const line = email as unknown as Listed;
    return { accountId, email: line, thread: threads.get(line.threadId) ?? [line] };
  });
  return { total: Math.min(found.total, most), rows };
}

async function threadsOf(server: Server, found: readonly { accountId: AccountId; email: unknown }[]): Promise<Map<ThreadId, InThread[]>> {
  const ids = new Map<AccountId, ThreadId[]>();
  for (const { accountId, email } of found) ids.set(accountId, [...(ids.get(accountId) ?? []), (email as Listed).threadId]);
  const all = new Map<ThreadId, InThread[]>();
  await Promise.all(
    [...ids].map(async ([accountId, of]) => {
      const threads = call("Thread/get", { accountId, ids: of });
      const { answers } = await server.send([threads, call("Email/get", { accountId, "#ids": threads.ref("/list/*/emailIds"), properties: inThread })]);
      if (answers[1] instanceof Error) return; // too long to be told of together: each line stands for its message alone
      for (const e of answers[1].list as InThread[]) all.set(e.threadId, [...(all.get(e.threadId) ?? []), e]);
    }),
  );
  for (const thread of all.values()) thread.sort((a, b) => (a.receivedAt < b.receivedAt ? -1 : 1));
  return all;
}

/** Where letters say what was looked for. */
export async function snippetsOf(server: Server, asked: Asked, rows: readonly Row[]): Promise<Map<EmailId, Pick<SearchSnippet, "subject" | "preview">>> {
  const of = new Map<AccountId, EmailId[]>();
  for (const r of rows) of.set(r.accountId, [...(of.get(r.accountId) ?? []), r.email.id]);
  const all = new Map<EmailId, Pick<SearchSnippet, "subject" | "preview">>();
  for (const [accountId, emailIds] of of) {
    const { list } = await server.one(call("SearchSnippet/get", { accountId, filter: asked.everywhere?.[accountId] ?? asked.filter, emailIds }));
    for (const { emailId, subject, preview } of list) all.set(emailId, { subject, preview });
  }
  return all;
}
