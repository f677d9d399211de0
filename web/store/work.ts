// Who handles what in a mailbox that several people work in (docs/jmap-work.md).

import type { QueryClient } from "@tanstack/react-query";
import { call, SetFailed, type AccountId, type StateChange, type ThreadId, type WorkCounts, type WorkItem, type WorkItemPatch, type WorkNote, type WorkPresence } from "../jmap/client.js";
import type { Server } from "./server.js";

export class Work {
  readonly #server: Server;
  readonly #cache: QueryClient;

  constructor(server: Server, cache: QueryClient) {
    this.#server = server;
    this.#cache = cache;
  }

  /** Whether people work together in an account. */
  isIn(accountId: AccountId): boolean {
    const account = this.#server.session.accounts[accountId];
    return !!account && !account.isPersonal && !!account.accountCapabilities["urn:haven:work"];
  }

  /** Who handles conversations; of those that nobody ever touched null. */
  items(accountId: AccountId, ids: readonly ThreadId[]) {
    return {
      queryKey: ["work", accountId, "items", ids] as const,
      queryFn: async (): Promise<Map<ThreadId, WorkItem>> => {
        const { list } = await this.#server.one(call("WorkItem/get", { accountId, ids }));
        return new Map(list.map((i) => [i.id, i]));
      },
    };
  }

  item(accountId: AccountId, id: ThreadId) {
    return {
      queryKey: ["work", accountId, "item", id] as const,
      queryFn: async (): Promise<WorkItem | null> => (await this.#server.one(call("WorkItem/get", { accountId, ids: [id] }))).list[0] ?? null,
    };
  }

  /** How many conversations of the Inbox are new, the own ones, others' and done. */
  counts(accountId: AccountId) {
    return {
      queryKey: ["work", accountId, "counts"] as const,
      queryFn: async (): Promise<WorkCounts | null> => (await this.#server.one(call("WorkItem/query", { accountId, limit: 0, calculateCounts: true }))).counts ?? null,
    };
  }

  notes(accountId: AccountId, threadId: ThreadId) {
    return {
      queryKey: ["work", accountId, "notes", threadId] as const,
      queryFn: async (): Promise<WorkNote[]> => {
        const found = call("WorkNote/query", { accountId, filter: { threadId } });
        const [, { list }] = await this.#server.request([found, call("WorkNote/get", { accountId, "#ids": found.ref("/ids") })]);
        return [...list].sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
      },
    };
  }

  presences(accountId: AccountId) {
    return {
      queryKey: ["work", accountId, "presences"] as const,
      queryFn: async (): Promise<WorkPresence[]> => (await this.#server.one(call("WorkPresence/get", { accountId, ids: null }))).list,
    };
  }

  /** Changes who handles a conversation. Throws SetFailed where a colleague does; with takeOver it changes all the same. */
  async set(accountId: AccountId, id: ThreadId, patch: WorkItemPatch, takeOver = false, note?: string): Promise<void> {
    const answer = await this.#server.one(
      call("WorkItem/set", { accountId, update: { [id]: patch }, ...(takeOver && { takeOver: [id] }), ...(note && { handOverNotes: { [id]: note } }) }),
      { act: true },
    );
    const why = answer.notUpdated?.[id];
    if (why) throw new SetFailed(id, why);
    void this.#cache.invalidateQueries({ queryKey: ["work", accountId] });
  }

  /** Tells what changed at the service. */
  changed(accountId: AccountId, types: StateChange["changed"][AccountId]): void {
    const what = { WorkItem: ["items", "item", "counts"], WorkNote: ["notes"], WorkPresence: ["presences"], WorkDeadline: ["deadlines"] } as const;
    for (const [type, kinds] of Object.entries(what)) {
      if (types[type as keyof typeof what] === undefined) continue;
      for (const kind of kinds) void this.#cache.invalidateQueries({ queryKey: ["work", accountId, kind] });
    }
    if (types.Email !== undefined) void this.#cache.invalidateQueries({ queryKey: ["work", accountId, "counts"] });
  }
}
