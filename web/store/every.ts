// All conversations of a list, for what is done with all of them: not what they say, but where they stand and how they are marked.

import { call, type AccountId, type EmailCondition, type Filter, type ThreadId } from "../jmap/client.js";
import { inThread, type InThread, type Row } from "../model/row.js";
import type { Asked } from "./list.js";
import type { Server } from "./server.js";

/** Each conversation with those of its messages that the list is of. */
export async function everyRow(server: Server, { accountId, filter, everywhere }: Asked): Promise<Row[]> {
  const all: Row[] = [];
  for (const [id, own] of Object.entries(everywhere ?? { [accountId]: filter })) all.push(...(await everyRowOf(server, id, own)));
  return all;
}

async function everyRowOf(server: Server, accountId: AccountId, filter: Filter<EmailCondition>): Promise<Row[]> {
  const limit = server.session.capabilities["urn:ietf:params:jmap:core"].maxObjectsInGet;
  const threads = new Map<ThreadId, InThread[]>();
  for (let position = 0; ; position += limit) {
    const query = call("Email/query", { accountId, filter, sort: [{ property: "receivedAt", isAscending: true }], position, limit });
    const emails = call("Email/get", { accountId, "#ids": query.ref("/ids"), properties: inThread });
    const [found, { list }] = await server.request([query, emails]);
    for (const e of list as InThread[]) threads.set(e.threadId, [...(threads.get(e.threadId) ?? []), e]);
    if (found.ids.length < limit) break;
  }
  const rows: Row[] = [];
  for (const thread of threads.values()) {
    const newest = thread.at(-1);
    if (newest) rows.push({ accountId, email: { ...newest, to: null, subject: null, preview: "", hasAttachment: false, size: 0 }, thread });
  }
  return rows;
}
