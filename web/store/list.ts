// A list of conversations that may be very long. Only what is looked at is fetched, in chunks; what changes at the service is fetched again where it is seen.

import { call, type AccountId, type Email, type EmailCondition, type EmailId, type Filter, type MailboxId, type ThreadId, type WorkItem } from "../jmap/client.js";
import { inThread, listed, patched, threadOf, within, type InThread, type Listed, type Row } from "../model/row.js";
import type { WorkView } from "../model/views.js";
import { viewOf } from "../model/work.js";
import { everyRow } from "./every.js";
import { rowsEverywhere, snippetsOf } from "./found.js";
import type { Server } from "./server.js";

/** What a list shows. */
export interface Asked {
  accountId: AccountId;
  filter: Filter<EmailCondition>;
  /** The folder that it is of. What leaves the folder leaves the list. */
  folder?: MailboxId;
  /** By who handles it; then the filter says nothing. What leaves the view leaves the list. */
  view?: Exclude<WorkView, "all">;
  /** Of a search in several mailboxes: what is looked for in each, that of accountId among them. */
  everywhere?: Readonly<Record<AccountId, Filter<EmailCondition>>>;
  /** It looks for words: where letters say them is shown. */
  words?: boolean;
}

/** Some lines of a list from a position on, and how many there are in all. */
export type Source = (server: Server, asked: Asked, position: number, limit: number) => Promise<{ total: number; rows: Row[] }>;

export interface Listing {
  /** undefined until it is known. */
  total: number | undefined;
  /** By place; those that were not fetched are holes. */
  rows: readonly (Row | undefined)[];
  error: unknown;
}

const chunk = 50;
const atOnce = 200; // lines that are asked for together, for what is done with all
const keptMost = 5_000; // lines that were fetched; beyond, those far from what is looked at are forgotten
const keptNear = 1_000;
const none: Listing = { total: undefined, rows: [], error: undefined };

export class MailList {
  readonly asked: Asked;
  readonly #server: Server;
  readonly #source: Source;
  readonly #fetched: (list: MailList) => void;
  readonly #watchers = new Set<() => void>();
  readonly #fetching = new Set<number>();
  #now: Listing = none;
  #seen: [from: number, to: number] = [0, chunk];
  #stale = false;
  readonly #left = new Map<ThreadId, { row: Row; at: number }>(); // by what somebody here did, since the list was fetched
  #places: { of: Listing["rows"] | undefined; at: ReadonlyMap<ThreadId, number> } = { of: undefined, at: new Map() };
  #age = 0; // of what is being fetched: what was asked before a refresh comes too late

  /** fetched is called with what came, before anybody sees it. */
  constructor(server: Server, asked: Asked, source: Source = mailRows, fetched: (list: MailList) => void = () => {}) {
    this.#server = server;
    this.#source = source;
    this.asked = asked;
    this.#fetched = fetched;
  }

  readonly snapshot = (): Listing => this.#now;

  readonly watch = (told: () => void): (() => void) => {
    this.#watchers.add(told);
    if (this.#stale) void this.refresh();
    return () => this.#watchers.delete(told);
  };

  /** Says which lines are looked at; what lacks of them is fetched. */
  look(from: number, to: number): void {
    this.#seen = [from, to];
    for (const at of this.#chunks()) {
      const { rows, total } = this.#now;
      const end = Math.min(at + chunk, total ?? at + chunk);
      for (let i = at; i < end; i++) {
        if (!rows[i]) {
          void this.#fetch(at);
          break;
        }
      }
    }
  }

  /** Fetches what is looked at anew, and forgets the rest; where nobody looks once somebody does. */
  async refresh(): Promise<void> {
    this.#stale = this.#watchers.size === 0;
    if (this.#stale) return;
    this.#age++;
    this.#fetching.clear();
    const wanted = this.#chunks();
    await Promise.all(wanted.map((at) => this.#fetch(at, wanted)));
  }

  /** All conversations, looked at or not: where they stand and how they are marked. */
  async every(): Promise<Row[]> {
    if (!this.asked.view) return everyRow(this.#server, this.asked);
    const all: Row[] = [];
    for (let total = 1; all.length < total; ) {
      const part = await this.#source(this.#server, this.asked, all.length, atOnce);
      if (part.rows.length === 0) break;
      all.push(...part.rows);
      total = part.total;
    }
    return all;
  }

  /** Puts what somebody here changed right, before the service has said so. */
  patch(changes: ReadonlyMap<EmailId, Partial<Pick<Email, "mailboxIds" | "keywords">>>): void {
    const after = (was: Row): Row => {
      let row = was;
      for (const e of was.thread) {
        const change = changes.get(e.id);
        if (change) row = patched(row, e.id, change);
      }
      return row;
    };
    const isOut = (row: Row) => this.asked.folder !== undefined && within(row, this.asked.folder).length === 0;
    this.#comeBack(after, isOut);
    this.#each((was, at) => {
      const row = after(was);
      if (row === was || !isOut(row)) return row;
      this.#left.set(threadOf(row), { row, at });
      return undefined;
    });
  }

  /** Puts lines that had left the list where they stood, once they are of it again. */
  #comeBack(after: (row: Row) => Row, isOut: (row: Row) => boolean): void {
    const back = [...this.#left].map(([id, { row, at }]) => ({ id, at, row: after(row) })).filter(({ row }) => !isOut(row));
    if (back.length === 0) return;
    const rows = this.#now.rows.slice();
    for (const { id, at, row } of back.sort((a, b) => a.at - b.at)) {
      this.#left.delete(id);
      rows.splice(Math.min(at, rows.length), 0, row);
    }
    this.#now = { ...this.#now, rows, total: (this.#now.total ?? 0) + back.length };
  }

  /** Puts right who handles what: what is of another view now leaves the list. */
  patchWork(items: ReadonlyMap<ThreadId, WorkItem>, me: AccountId | undefined): void {
    const { view } = this.asked;
    if (!view || view === "due") return; // it has all of them
    this.#each((row) => {
      const item = items.get(threadOf(row));
      return item && viewOf(item, me) !== view ? undefined : row;
    });
  }

  /** Makes something of each line that is known; undefined takes it out. */
  #each(change: (row: Row, at: number) => Row | undefined): void {
    let gone = 0;
    const rows: (Row | undefined)[] = [];
    for (let i = 0; i < this.#now.rows.length; i++) { // forEach leaves the holes out
      const was = this.#now.rows[i];
      const row = was && change(was, i);
      if (was && !row) gone++;
      else rows.push(row);
    }
    this.#set({ ...this.#now, rows, total: this.#now.total === undefined ? undefined : this.#now.total - gone });
  }

  /** Whether it shows letters of an account. */
  isOf(accountId: AccountId): boolean {
    return accountId === this.asked.accountId || this.asked.everywhere?.[accountId] !== undefined;
  }

  /** Whether there is more than it can show. */
  isCut(): boolean {
    return this.asked.everywhere !== undefined && (this.#now.total ?? 0) >= this.#server.session.capabilities["urn:ietf:params:jmap:core"].maxObjectsInGet;
  }

  /** Where a conversation stands, or -1. */
  indexOf(thread: ThreadId): number {
    if (this.#places.of !== this.#now.rows) {
      const at = new Map<ThreadId, number>();
      this.#now.rows.forEach((r, i) => r && at.set(threadOf(r), i)); // passes over holes, of which there may be 100,000
      this.#places = { of: this.#now.rows, at };
    }
    return this.#places.at.get(thread) ?? -1;
  }

  #chunks(): number[] {
    const [from, to] = this.#seen;
    const all: number[] = [];
    const end = Math.min(to, (this.#now.total ?? to) - 1);
    for (let at = Math.max(0, from - (from % chunk)); at <= Math.max(end, 0); at += chunk) all.push(at);
    return all;
  }

  /** Somebody who scrolls through all of a mailbox does not gather all of it. */
  #bounded(rows: (Row | undefined)[]): (Row | undefined)[] {
    let fetched = 0;
    rows.forEach((r) => r && fetched++);
    if (fetched <= keptMost) return rows;
    const from = Math.max(0, this.#seen[0] - keptNear);
    const near: number[] = [];
    for (let at = from - (from % chunk); at < this.#seen[1] + keptNear; at += chunk) near.push(at);
    return kept(rows, near);
  }

  #set(now: Listing): void {
    this.#now = now;
    for (const told of this.#watchers) told();
  }

  /** Puts beside lines where they say what was looked for; they are shown before, since the service has to read the letters for it. */
  async #showWords(lines: readonly Row[]): Promise<void> {
    const found = await snippetsOf(this.#server, this.asked, lines).catch(() => new Map<EmailId, NonNullable<Row["snippet"]>>());
    if (found.size === 0) return;
    const rows = this.#now.rows.slice();
    rows.forEach((r, i) => {
      const snippet = r && found.get(r.email.id);
      if (snippet) rows[i] = { ...r, snippet };
    });
    this.#set({ ...this.#now, rows });
  }

  async #fetch(at: number, only?: readonly number[]): Promise<void> {
    if (this.#fetching.has(at)) return;
    this.#fetching.add(at);
    const age = this.#age;
    try {
      const { total, rows: fetched } = await this.#source(this.#server, this.asked, at, chunk);
      if (age !== this.#age) return;
      const rows = only ? kept(this.#now.rows, only) : this.#now.rows.slice();
      if (only) this.#left.clear();
      for (let i = 0; i < chunk && at + i < total; i++) rows[at + i] = fetched[i];
      rows.length = Math.min(rows.length, total);
      this.#now = { total, rows: this.#bounded(rows), error: undefined };
      this.#fetched(this);
      this.#set(this.#now);
      if (this.asked.words) void this.#showWords(fetched);
    } catch (error) {
      if (age === this.#age) this.#set({ ...this.#now, error });
    } finally {
      if (age === this.#age) this.#fetching.delete(at);
    }
  }
}

/** The lines of some chunks, the others forgotten. */
function kept(rows: Listing["rows"], chunks: readonly number[]): (Row | undefined)[] {
  const some: (Row | undefined)[] = [];
  for (const at of chunks) for (let i = at; i < Math.min(at + chunk, rows.length); i++) if (rows[i]) some[i] = rows[i];
  return some;
}

/** Lines of what a filter finds, with what stands in their conversations; of a search in several mailboxes those of all. */
export const mailRows: Source = async (server, { accountId, filter, everywhere }, position, limit) => {
  if (everywhere) return rowsEverywhere(server, everywhere, position, limit);
  const query = call("Email/query", {
    accountId,
    filter,
    sort: [{ property: "receivedAt", isAscending: false }],
    collapseThreads: true,
    calculateTotal: true,
    position,
    limit,
  });
  const emails = call("Email/get", { accountId, "#ids": query.ref("/ids"), properties: listed });
  const threads = call("Thread/get", { accountId, "#ids": emails.ref("/list/*/threadId") });
  const others = call("Email/get", { accountId, "#ids": threads.ref("/list/*/emailIds"), properties: inThread });
  const { answers } = await server.send([query, emails, threads, others]);
  const [found, got, , all] = answers;
  if (found instanceof Error) throw found;
  if (got instanceof Error) throw got;
  const whole = all instanceof Error ? [] : all.list; // where conversations are too long to be told of together, each line stands for its message alone
  const byId = new Map((got.list as Listed[]).map((e) => [e.id, e]));
  const shown = found.ids.flatMap((id) => byId.get(id) ?? []); // without those that are gone in this moment
  return { total: found.total ?? found.ids.length, rows: rowsOf(accountId, shown, whole) };
};

/** Lines of messages, with those of their conversations. */
export function rowsOf(accountId: AccountId, shown: readonly Listed[], all: readonly InThread[]): Row[] {
  const byThread = new Map<ThreadId, InThread[]>();
  for (const e of all) {
    const thread = byThread.get(e.threadId);
    if (thread) thread.push(e);
    else byThread.set(e.threadId, [e]);
  }
  return shown.map((email) => {
    const thread = [...(byThread.get(email.threadId) ?? [email])].sort((a, b) => (a.receivedAt < b.receivedAt ? -1 : 1));
    return { accountId, email, thread };
  });
}
