// The mail of a person as this page knows it: lists, folders and letters, kept as they are at the service.

import { QueryClient } from "@tanstack/react-query";
import { call, RequestError, type AccountId, type Email, type EmailId, type Identity, type Lateness, type LinkRule, type Mailbox, type Quota, type ThreadId } from "../jmap/client.js";
import { densityOf, type Density } from "../model/density.js";
import { settingsOf, type KeySettings } from "../model/keys.js";
import type { InThread } from "../model/row.js";
import { Drafts } from "./drafts.js";
import { Filings } from "./filings.js";
import { destroyAll, inverse, patchOf, tell, type Edit } from "./edits.js";
import { conversation } from "./letters.js";
import { MailList, type Asked } from "./list.js";
import { People } from "./people.js";
import { Preference } from "./preference.js";
import { Questions } from "./questions.js";
import { reason } from "./reason.js";
import type { Visit } from "./offline/visit.js";
import type { Server } from "./server.js";
import { workRows } from "./workrows.js";
import { Undo } from "./undo.js";
import { Waiting } from "./waiting.js";
import { Work } from "./work.js";

const keptLists = 12;
const askLateness = 60_000; // milliseconds
const renewAgain = 5_000;

export class Mail {
  readonly server: Server;
  readonly cache: QueryClient;
  readonly undo = new Undo();
  readonly questions = new Questions();
  readonly keys: Preference<KeySettings>;
  readonly density: Preference<Density>;
  readonly work: Work;
  readonly filings: Filings;
  readonly drafts: Drafts;
  readonly people: People;
  readonly waiting: Waiting;
  /** Since when no changes of the service come in, in milliseconds of Date.now; undefined while they do. */
  #away: number | undefined;
  readonly #lists = new Map<string, MailList>();
  readonly #watchers = new Set<() => void>();
  readonly #pending = new Set<{ accountId: AccountId; edit: Edit }>();
  #session: Server["session"];
  #isOld = false; // the service has another session since
  #renewing: ReturnType<typeof setTimeout> | undefined;
  /** The page was opened without the service. */
  readonly visit: Visit | undefined;

  constructor(server: Server, visit?: Visit) {
    this.visit = visit;
    this.server = server;
    this.#session = server.session;
    this.cache = new QueryClient({
      defaultOptions: {
        queries: {
          staleTime: Number.POSITIVE_INFINITY, // what changes is pushed
          gcTime: 10 * 60_000,
          refetchOnWindowFocus: false,
          retry: (times, error) => times < 3 && !(error instanceof RequestError && error.status < 500 && error.status !== 429),
        },
      },
    });
    this.keys = new Preference(server.session, "keys", settingsOf);
    this.density = new Preference(server.session, "density", densityOf);
    this.people = new People(server, this.cache);
    this.filings = new Filings(server, this.cache);
    this.waiting = new Waiting(server, this.cache, this.undo);
    this.drafts = new Drafts({
      server,
      folders: (id) => this.cache.fetchQuery(this.folders(id)),
      identities: (id) => this.cache.fetchQuery(this.identities(id)),
    });
    this.work = new Work(server, this.cache, (accountId, items) => this.#lists.forEach((l) => l.asked.accountId === accountId && l.patchWork(items, this.work.me)));
  }

  /** The session as it is now; watchSession tells when it is another. */
  readonly session = (): Server["session"] => this.#session;

  readonly watchSession = (told: () => void): (() => void) => {
    this.#watchers.add(told);
    return () => this.#watchers.delete(told);
  };

  folders(accountId: AccountId) {
    return {
      queryKey: ["folders", accountId] as const,
      queryFn: async (): Promise<Mailbox[]> => (await this.server.one(call("Mailbox/get", { accountId, ids: null }))).list,
    };
  }

  identities(accountId: AccountId) {
    return {
      queryKey: ["identities", accountId] as const,
      queryFn: async (): Promise<Identity[]> => (await this.server.one(call("Identity/get", { accountId, ids: null }))).list,
    };
  }

  quota(accountId: AccountId) {
    return {
      queryKey: ["quota", accountId] as const,
      queryFn: async (): Promise<Quota | null> => (await this.server.one(call("Quota/get", { accountId, ids: null }))).list[0] ?? null,
    };
  }

  /** How late its letters are; asked again while somebody looks, and once the service is heard again. */
  lateness(accountId: AccountId) {
    return {
      queryKey: ["lateness", accountId] as const,
      queryFn: async (): Promise<Lateness | null> => (await this.server.one(call("Lateness/get", { accountId, ids: null }))).list[0] ?? null,
      refetchInterval: askLateness,
    };
  }

  /** What head offices say of where letters of a mailbox may lead. */
  links(accountId: AccountId) {
    const isOffered = this.#session.accounts[accountId]?.accountCapabilities["urn:haven:links"] !== undefined;
    return {
      queryKey: ["links", accountId] as const,
      staleTime: 5 * 60_000, // nothing tells when they change
      queryFn: async (): Promise<readonly LinkRule[]> => (isOffered ? (await this.server.one(call("LinkRule/get", { accountId, ids: null }))).list : []),
    };
  }

  conversation(accountId: AccountId, id: ThreadId) {
    return { queryKey: ["conversation", accountId, id] as const, queryFn: async () => (await conversation(this.server, accountId, id)) ?? null };
  }

  /** A list; the same one for the same question. */
  list(asked: Asked): MailList {
    const key = JSON.stringify([asked.everywhere ?? asked.accountId, asked.folder ?? null, asked.view ?? null, asked.filter]);
    let list = this.#lists.get(key);
    this.#lists.delete(key);
    list ??= new MailList(this.server, asked, asked.view && workRows, (l) => this.#keepPending(l));
    this.#lists.set(key, list); // the last ones used stay
    for (const old of this.#lists.keys()) {
      if (this.#lists.size <= keptLists) break;
      this.#lists.delete(old);
    }
    return list;
  }

  /**
   * Changes messages: on the screen at once, then at the service. says is shown with a way back. What the service refuses is put back, and told.
   * was are the messages as they are, for what is to be put back.
   */
  async edit(accountId: AccountId, edit: Edit, was: readonly InThread[], says?: string): Promise<boolean> {
    const back = inverse(edit, was);
    const before = new Map(was.map((m) => [m.id, m]));
    const patches = new Map([...edit].map(([id, change]) => [id, patchOf(before.get(id), change)]));
    this.#show(accountId, edit);
    const pending = { accountId, edit };
    this.#pending.add(pending);
    const told = tell(this.server, accountId, patches);
    const note =
      says !== undefined &&
      this.undo.add(says, async () => {
        await told.catch(() => {}); // many letters take many requests: the way back does not overtake them
        const now = was.map((m) => ({ ...m, ...edit.get(m.id) }));
        await this.edit(accountId, back, now);
      });
    try {
      await told;
      return true;
    } catch (error) {
      if (note) this.undo.drop(note);
      this.#show(accountId, back);
      this.undo.fail(reason(error));
      void this.refresh(accountId);
      return false;
    } finally {
      this.#pending.delete(pending);
    }
  }

  /** What is on its way to the service stays on the screen, though a list was fetched before it came there. */
  #keepPending(list: MailList): void {
    for (const { accountId, edit } of this.#pending) if (list.isOf(accountId)) list.patch(edit);
  }

  /** Deletes messages for good. What the service refuses is told; it is true where nothing was refused. */
  async destroy(accountId: AccountId, ids: readonly EmailId[]): Promise<boolean> {
    try {
      await destroyAll(this.server, accountId, ids);
      return true;
    } catch (error) {
      this.undo.fail(reason(error));
      return false;
    } finally {
      void this.refresh(accountId);
    }
  }

  /** Fetches anew what is looked at of an account's mail. */
  async refresh(accountId: AccountId): Promise<void> {
    const lists = [...this.#lists.values()].filter((l) => l.isOf(accountId));
    await Promise.all([
      ...lists.map((l) => l.refresh()),
      this.cache.invalidateQueries({ queryKey: ["folders", accountId] }),
      this.cache.invalidateQueries({ queryKey: ["conversation", accountId] }),
      this.cache.invalidateQueries({ queryKey: ["quota", accountId] }),
    ]);
  }

  /** Since when the service can't be heard; undefined while it can. watchSession tells of changes. */
  readonly away = (): number | undefined => this.#away;

  /** Follows what changes at the service until the signal. Throws RequestError where the session is over. */
  async follow(signal: AbortSignal): Promise<void> {
    const changes = await this.server.listen("*", signal, (is) => {
      this.#hears(is);
      if (is && this.#isOld) this.#renewLate(signal);
    });
    for await (const { changed } of changes) {
      for (const [accountId, types] of Object.entries(changed)) {
        if (types.Session !== undefined) await this.#renewSession(signal);
        if (types.Email !== undefined || types.Mailbox !== undefined || types.Thread !== undefined) void this.refresh(accountId);
        if (types.Identity !== undefined) void this.cache.invalidateQueries({ queryKey: ["identities", accountId] });
        if (types.Email !== undefined) this.drafts.changed(accountId);
        if (types.EmailSubmission !== undefined) this.waiting.changed(accountId).catch(() => {}); // it is looked at with the next change
        this.work.changed(accountId, types);
        if (types.WorkItem !== undefined) this.#lists.forEach((l) => l.asked.accountId === accountId && l.asked.view && void l.refresh());
      }
    }
  }

  /** Takes the session anew. Where the line breaks it is taken once the service is heard again, and soon at the latest. Throws RequestError where it is over. */
  async #renewSession(signal: AbortSignal): Promise<void> {
    clearTimeout(this.#renewing);
    this.#isOld = true;
    const before = Object.keys(this.#session.accounts) as AccountId[];
    try {
      this.#session = await this.server.refresh();
    } catch (error) {
      if (error instanceof RequestError && (error.status === 401 || error.status === 403)) throw error;
      this.#renewing = setTimeout(() => this.#renewLate(signal), renewAgain);
      return;
    }
    this.#isOld = false;
    for (const id of before) if (!(id in this.#session.accounts)) this.#forget(id);
    for (const told of this.#watchers) told();
  }

  #renewLate(signal: AbortSignal): void {
    if (!signal.aborted) this.#renewSession(signal).catch(() => {}); // where it is over, what changes is heard no more, and that is told
  }

  /** Keeps nothing of a mailbox that the person may not open any more. */
  #forget(accountId: AccountId): void {
    this.drafts.shut(accountId);
    for (const [key, list] of this.#lists) if (list.isOf(accountId)) this.#lists.delete(key);
    this.work.forget(accountId);
    this.cache.removeQueries({ predicate: ({ queryKey }) => queryKey.includes(accountId) });
  }

  #hears(is: boolean): void {
    const away = is ? undefined : (this.#away ?? Date.now());
    if (away === this.#away) return;
    this.#away = away;
    if (is) void this.cache.invalidateQueries({ queryKey: ["lateness"] });
    for (const told of this.#watchers) told();
  }

  #show(accountId: AccountId, edit: ReadonlyMap<EmailId, Partial<Pick<Email, "mailboxIds" | "keywords">>>): void {
    for (const list of this.#lists.values()) if (list.isOf(accountId)) list.patch(edit);
    for (const [key, data] of this.cache.getQueriesData<{ letters: { id: EmailId }[] } | null>({ queryKey: ["conversation", accountId] })) {
      if (data?.letters.some((l) => edit.has(l.id))) {
        this.cache.setQueryData(key, { ...data, letters: data.letters.map((l) => ({ ...l, ...edit.get(l.id) })) });
      }
    }
  }
}
