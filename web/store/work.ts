// Who handles what in a mailbox that several people work in (docs/jmap-work.md).

import type { QueryClient } from "@tanstack/react-query";
import {
  call, created, destroyed, SetFailed, updated, type AccountId, type StateChange, type ThreadId, type WorkCapability, type WorkCheck, type WorkCheckId, type WorkCounts, type WorkDeadline, type WorkItem,
  type WorkItemPatch, type WorkNote, type WorkNoteId,
} from "../jmap/client.js";
import { blank, personOf, recounted, wished, type Colleague } from "../model/work.js";
import { Board } from "./board.js";
import { Presence } from "./presence.js";
import type { Server } from "./server.js";

/** What is to become of some conversations. */
export interface Wish {
  accountId: AccountId;
  patches: ReadonlyMap<ThreadId, WorkItemPatch>;
  /** Though a colleague handles them or has done them. */
  takeOver?: boolean;
  /** Written for colleagues in the same moment. */
  note?: string;
  /** Who handedBy of the patches is. */
  to?: string;
}

export class Work {
  readonly #server: Server;
  readonly #cache: QueryClient;
  readonly #boards = new Map<AccountId, Board>();
  /** Called with an account and what became of its conversations, before the service has said so. */
  readonly onShown: ((accountId: AccountId, items: ReadonlyMap<ThreadId, WorkItem>) => void) | undefined;
  readonly presence: Presence;

  constructor(server: Server, cache: QueryClient, onShown?: Work["onShown"]) {
    this.#server = server;
    this.#cache = cache;
    this.onShown = onShown;
    this.presence = new Presence(server);
  }

  /** The person of the page. */
  get me(): AccountId | undefined {
    return personOf(this.#server.session);
  }

  /** What the service offers in an account; undefined where nobody works together. */
  of(accountId: AccountId): WorkCapability | undefined {
    const account = this.#server.session.accounts[accountId];
    return account && !account.isPersonal ? account.accountCapabilities["urn:haven:work"] : undefined;
  }

  /** Whether people work together in an account. */
  isIn(accountId: AccountId): boolean {
    return this.of(accountId) !== undefined;
  }

  /** Who handles what in an account. */
  board(accountId: AccountId): Board {
    let board = this.#boards.get(accountId);
    if (!board) this.#boards.set(accountId, (board = new Board(this.#server, accountId)));
    return board;
  }

  /** Keeps nothing of an account that the person may not open any more. */
  forget(accountId: AccountId): void {
    this.#boards.delete(accountId);
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

  /** Who may handle what comes to a mailbox. */
  colleagues(accountId: AccountId) {
    return {
      queryKey: ["work", accountId, "colleagues"] as const,
      staleTime: 0, // nobody tells of changes
      queryFn: async (): Promise<Colleague[]> => (await this.#server.one(call("WorkPerson/get", { accountId, ids: null }))).list,
    };
  }

  /** The deadlines that run in an account, the earliest first. */
  deadlines(accountId: AccountId) {
    return {
      queryKey: ["work", accountId, "deadlines"] as const,
      queryFn: async (): Promise<WorkDeadline[]> => {
        const found = call("WorkDeadline/query", { accountId, filter: { isRunning: true }, limit: mostDeadlines });
        const [, { list }] = await this.#server.request([found, call("WorkDeadline/get", { accountId, "#ids": found.ref("/ids") })]);
        return [...list].sort((a, b) => (a.dueAt < b.dueAt ? -1 : 1));
      },
    };
  }

  /** What conversations are called, wherever they lie; of one of which no letter is left nothing. */
  titles(accountId: AccountId, ids: readonly ThreadId[]) {
    return {
      queryKey: ["work", accountId, "titles", ...ids] as const,
      queryFn: async (): Promise<Map<ThreadId, string>> => {
        const threads = call("Thread/get", { accountId, ids: [...ids] });
        const emails = call("Email/get", { accountId, "#ids": threads.ref("/list/*/emailIds"), properties: ["threadId", "subject"] });
        const [, { list }] = await this.#server.request([threads, emails]);
        return new Map(list.toReversed().map((e) => [e.threadId, e.subject ?? ""])); // the first letter's stands
      },
    };
  }

  /** The check with which a day begins, such as 2026-11-27; null where nobody is asked for one. */
  check(accountId: AccountId, day: string) {
    return {
      queryKey: ["work", accountId, "check", day] as const,
      queryFn: async (): Promise<WorkCheck | null> => (await this.#server.one(call("WorkCheck/get", { accountId, ids: [checkId(day)] }))).list[0] ?? null,
    };
  }

  /** Records that this page's person made the check. Who comes second sees who was first. */
  async makeCheck(accountId: AccountId, day: string): Promise<void> {
    const { notCreated } = await this.#server.one(call("WorkCheck/set", { accountId, create: { c: {} } }), { act: true });
    const why = notCreated?.c;
    if (why && why.type !== "checkedAlready") throw new SetFailed(checkId(day), why);
    await this.#again(accountId, "check");
  }

  /** What became of a mailbox from one day to another, for its owners. */
  report(accountId: AccountId, from: string, until: string) {
    return {
      queryKey: ["work", accountId, "report", from] as const,
      staleTime: 0,
      queryFn: () => this.#server.one(call("WorkReport/get", { accountId, from, until })),
    };
  }

  /**
   * Changes who handles conversations: on the screen at once, then at the service. What it refuses is put back, and given with the reason.
   */
  async handle(wish: Wish): Promise<Map<ThreadId, SetFailed>> {
    const { accountId, patches } = wish;
    const board = this.board(accountId);
    const was = new Map([...patches.keys()].map((id) => [id, board.snapshot().get(id) ?? blank(id)]));
    const by = { id: this.me, name: this.#server.session.username };
    const now = new Date();
    const becomes = new Map([...patches].map(([id, patch]) => [id, wished(was.get(id) as WorkItem, patch, by, wish.to, now)]));
    this.#show(accountId, becomes);
    const failed = new Map<ThreadId, SetFailed>();
    try {
      const ids = [...patches.keys()];
      const { notUpdated, updated: done } = await this.#server.one(
        call("WorkItem/set", {
          accountId,
          update: Object.fromEntries(patches),
          ...(wish.takeOver && { takeOver: ids }),
          ...(wish.note && { handOverNotes: Object.fromEntries(ids.map((id) => [id, wish.note as string])) }),
        }),
        { act: true },
      );
      for (const [id, why] of Object.entries(notUpdated ?? {})) failed.set(id as ThreadId, new SetFailed(id, why));
      const still = this.#unheard(board, becomes);
      board.put(Object.entries(done ?? {}).flatMap(([id, now]) => (still.has(id) ? [{ ...(becomes.get(id) as WorkItem), ...now }] : [])));
    } catch (error) {
      this.#putBack(accountId, was, becomes);
      throw error;
    }
    this.#putBack(accountId, new Map([...was].filter(([id]) => failed.has(id))), becomes);
    void board.catchUp();
    return failed;
  }

  /** Puts back what was, unless the service has told meanwhile how it is. */
  #putBack(accountId: AccountId, was: ReadonlyMap<ThreadId, WorkItem>, becomes: ReadonlyMap<ThreadId, WorkItem>): void {
    if (was.size === 0) return;
    const still = this.#unheard(this.board(accountId), becomes);
    this.#show(accountId, new Map([...was].filter(([id]) => still.has(id))));
    void this.#again(accountId, "counts");
  }

  /** Those that stand on the board as this page has put them: the service has told nothing of them since. */
  #unheard(board: Board, put: ReadonlyMap<ThreadId, WorkItem>): Set<string> {
    const now = board.snapshot();
    return new Set([...put].filter(([id, item]) => now.get(id) === item).map(([id]) => id));
  }

  async addNote(accountId: AccountId, threadId: ThreadId, text: string): Promise<void> {
    created(await this.#server.one(call("WorkNote/set", { accountId, create: { n: { threadId, text } } }), { act: true }), "n");
    await this.#again(accountId, "notes");
  }

  async changeNote(accountId: AccountId, id: WorkNoteId, text: string): Promise<void> {
    updated(await this.#server.one(call("WorkNote/set", { accountId, update: { [id]: { text } } }), { act: true }), id);
    await this.#again(accountId, "notes");
  }

  async removeNote(accountId: AccountId, id: WorkNoteId): Promise<void> {
    destroyed(await this.#server.one(call("WorkNote/set", { accountId, destroy: [id] }), { act: true }), id);
    await this.#again(accountId, "notes");
  }

  /** Tells what changed at the service. */
  changed(accountId: AccountId, types: StateChange["changed"][AccountId]): void {
    if (types.WorkItem !== undefined) void this.#boards.get(accountId)?.catchUp();
    const kinds = new Set(Object.keys(types).flatMap((type) => told[type] ?? []));
    for (const kind of kinds) void this.#again(accountId, kind);
  }

  /** Has what is shown of a kind fetched anew. What is on its way for the first time would tell how it was before, and nobody would ask again. */
  async #again(accountId: AccountId, kind: string): Promise<void> {
    const queryKey = ["work", accountId, kind];
    await this.#cache.cancelQueries({ queryKey });
    await this.#cache.invalidateQueries({ queryKey });
  }

  #show(accountId: AccountId, items: ReadonlyMap<ThreadId, WorkItem>): void {
    const board = this.board(accountId);
    const counts = this.counts(accountId).queryKey;
    const before = board.snapshot();
    this.#cache.setQueryData(counts, (c: WorkCounts | null | undefined) => {
      let next = c;
      for (const [id, is] of items) {
        const was = before.get(id);
        if (next && was) next = recounted(next, was, is, this.me);
      }
      return next;
    });
    board.put(items.values());
    this.onShown?.(accountId, items);
  }
}

/** What is shown of which kind after a type changed. */
const told: Record<string, readonly string[]> = {
  WorkItem: ["counts", "check"], Email: ["counts", "check"], WorkNote: ["notes"], WorkPresence: ["presences"], WorkDeadline: ["deadlines", "check"], WorkCheck: ["check"], WorkFiling: ["filings"],
};

function checkId(day: string): WorkCheckId {
  return `K${day.replaceAll("-", "")}` as WorkCheckId;
}

const mostDeadlines = 500;
