// Who handles what in one mailbox: of each conversation that is looked at what is known, kept as it is at the service.

import { call, type AccountId, type ThreadId, type WorkItem } from "../jmap/client.js";
import type { Server } from "./server.js";

export class Board {
  readonly #server: Server;
  readonly #accountId: AccountId;
  readonly #watchers = new Set<() => void>();
  readonly #asked = new Set<ThreadId>();
  readonly #came = new Map<ThreadId, number>();
  #waiting: ThreadId[] = [];
  #items: ReadonlyMap<ThreadId, WorkItem> = new Map();
  #state: string | undefined;
  #catching: Promise<void> | undefined;
  #again = false;
  #coming: Promise<void> = Promise.resolve();

  constructor(server: Server, accountId: AccountId) {
    this.#server = server;
    this.#accountId = accountId;
  }

  readonly snapshot = (): ReadonlyMap<ThreadId, WorkItem> => this.#items;

  readonly watch = (told: () => void): (() => void) => {
    this.#watchers.add(told);
    return () => this.#watchers.delete(told);
  };

  /** Says which conversations are looked at. What is not known of them is fetched, all that is asked in one moment together. */
  look(ids: Iterable<ThreadId>): void {
    for (const id of ids) {
      if (this.#asked.has(id)) continue;
      this.#asked.add(id);
      if (this.#waiting.push(id) === 1) this.#coming = this.#coming.then(() => this.#fetchWaiting());
    }
  }

  /** Puts what is known right. */
  put(items: Iterable<WorkItem>): void {
    const next = new Map(this.#items);
    for (const item of items) {
      const was = next.get(item.id);
      if (was && (was.status !== item.status || was.handledBy !== item.handledBy)) this.#came.set(item.id, Date.now());
      next.set(item.id, item);
      this.#asked.add(item.id);
    }
    this.#items = next;
    for (const told of this.#watchers) told();
  }

  /** For how many milliseconds this page has known who handles a conversation now. */
  knownFor(id: ThreadId): number {
    return Date.now() - (this.#came.get(id) ?? 0);
  }

  /** Fetches what changed at the service of what is known. */
  catchUp(): Promise<void> {
    this.#again = true;
    this.#catching ??= this.#catch();
    return this.#catching;
  }

  async #catch(): Promise<void> {
    try {
      while (this.#again) await this.#step();
    } catch {
      // when the connection is back, the service tells how everything stands
    } finally {
      this.#catching = undefined; // in the moment in which nothing more is asked, so that nothing asked is lost
    }
  }

  async #step(): Promise<void> {
    this.#again = false;
    await this.#coming; // what was read before the change may come after it
    const sinceState = this.#state;
    if (sinceState === undefined) return this.#fetch([...this.#items.keys()]); // nothing is looked at yet, or what was to be read anew did not come
    const accountId = this.#accountId;
    const changes = call("WorkItem/changes", { accountId, sinceState });
    const created = call("WorkItem/get", { accountId, "#ids": changes.ref("/created") });
    const updated = call("WorkItem/get", { accountId, "#ids": changes.ref("/updated") });
    const [told, first, second] = (await this.#server.send([changes, created, updated])).answers;
    if (told instanceof Error || first instanceof Error || second instanceof Error) { // too much changed, or too long ago
      this.#state = undefined;
      return this.#fetch([...this.#items.keys()]);
    }
    this.#state = told.newState;
    this.put([...first.list, ...second.list].filter((i) => this.#asked.has(i.id)));
    this.#again ||= told.hasMoreChanges;
  }

  async #fetchWaiting(): Promise<void> {
    const ids = this.#waiting;
    this.#waiting = [];
    try {
      await this.#fetch(ids);
    } catch {
      for (const id of ids) this.#asked.delete(id); // asked again when it is looked at again
    }
  }

  async #fetch(ids: readonly ThreadId[]): Promise<void> {
    const most = this.#server.session.capabilities["urn:ietf:params:jmap:core"].maxObjectsInGet;
    for (let from = 0; from < ids.length; from += most) {
      const { list, state } = await this.#server.one(call("WorkItem/get", { accountId: this.#accountId, ids: ids.slice(from, from + most) }));
      this.#state ??= state; // what was read before may be older than what comes now: its changes are told from there
      this.put(list);
    }
  }
}
