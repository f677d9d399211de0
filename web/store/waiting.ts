// Letters that wait to be sent: those in Scheduled, and those that this page sent, which it follows until they went.

import type { QueryClient } from "@tanstack/react-query";
import { call, updated, type AccountId, type EmailId, type EmailSubmission, type EmailSubmissionId, type Picked, type ThreadId } from "../jmap/client.js";
import { becameOf, type Became } from "../model/fate.js";
import type { Server } from "./server.js";
import { submit } from "./sending.js";
import type { Undo } from "./undo.js";

const properties = ["id", "identityId", "emailId", "threadId", "envelope", "sendAt", "undoStatus"] as const;
/** A letter that waits. */
export type Waits = Picked<EmailSubmission, (typeof properties)[number]>;

/** A letter that this page sent. */
export interface Own {
  accountId: AccountId;
  submission: EmailSubmissionId;
  emailId: EmailId;
  subject: string;
  /** Of what is shown with the way back. */
  note?: number;
}

/** What became of a letter that this page sent, where it is not what its writer thinks. */
export interface Refused extends Own {
  threadId: ThreadId;
  became: Exclude<Became, "waits" | "on-its-way" | "gone">;
}

/** A letter was called back, and could not be sent again. */
export class CalledBack extends Error {
  constructor(override readonly cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause));
  }
}

const followed = 100; // letters; the service tells of each by a letter too
const listed = 200;

export class Waiting {
  readonly #server: Server;
  readonly #cache: QueryClient;
  readonly #undo: Pick<Undo, "drop">;
  readonly #own = new Map<EmailSubmissionId, Own>();
  readonly #watchers = new Set<(refused: Refused) => void>();

  constructor(server: Server, cache: QueryClient, undo: Pick<Undo, "drop">) {
    this.#server = server;
    this.#cache = cache;
    this.#undo = undo;
  }

  /** The letters of a mailbox that wait, the next first. */
  of(accountId: AccountId) {
    return {
      queryKey: ["waiting", accountId] as const,
      queryFn: async (): Promise<Waits[]> => {
        const query = call("EmailSubmission/query", { accountId, filter: { undoStatus: "pending" }, sort: [{ property: "sendAt" }], limit: listed });
        const [, { list }] = await this.#server.request([query, call("EmailSubmission/get", { accountId, "#ids": query.ref("/ids"), properties })]);
        return [...list].sort((a, b) => (a.sendAt < b.sendAt ? -1 : 1));
      },
    };
  }

  /** Follows a letter that this page sent. */
  follow(own: Own): void {
    this.#own.set(own.submission, own);
    for (const old of this.#own.keys()) {
      if (this.#own.size <= followed) break;
      this.#own.delete(old);
    }
  }

  /** A letter was taken back: nobody has to be told of it. */
  forget(submission: EmailSubmissionId): Own | undefined {
    const own = this.#own.get(submission);
    this.#own.delete(submission);
    return own;
  }

  /** Tells of letters that were refused as they went. */
  readonly watch = (told: (refused: Refused) => void): (() => void) => {
    this.#watchers.add(told);
    return () => this.#watchers.delete(told);
  };

  /** Something of an account's submissions changed at the service. */
  async changed(accountId: AccountId): Promise<void> {
    void this.#cache.invalidateQueries({ queryKey: ["waiting", accountId] });
    const mine = [...this.#own.values()].filter((o) => o.accountId === accountId);
    if (mine.length === 0) return;
    const { list } = await this.#server.one(call("EmailSubmission/get", { accountId, ids: mine.map((o) => o.submission), properties: ["id", "threadId", "undoStatus", "deliveryStatus"] }));
    for (const s of list) {
      const own = this.#own.get(s.id);
      const became = becameOf(s);
      if (!own || became === "waits" || became === "on-its-way") continue;
      this.#own.delete(s.id);
      if (became !== "gone") for (const told of this.#watchers) told({ ...own, threadId: s.threadId, became });
    }
  }

  /** The letters that this page sent and that still wait; as far as is known where the service can't be asked. */
  async still(): Promise<{ own: Own; sendAt: Date | undefined }[]> {
    const accounts = new Set([...this.#own.values()].map((o) => o.accountId));
    const all: { own: Own; sendAt: Date | undefined }[] = [];
    for (const accountId of accounts) {
      const mine = [...this.#own.values()].filter((o) => o.accountId === accountId);
      try {
        const { list } = await this.#server.one(call("EmailSubmission/get", { accountId, ids: mine.map((o) => o.submission), properties: ["id", "undoStatus", "sendAt"] }), { signal: AbortSignal.timeout(1_500) });
        for (const s of list) {
          const own = this.#own.get(s.id);
          if (own && s.undoStatus === "pending") all.push({ own, sendAt: new Date(s.sendAt) });
        }
      } catch {
        all.push(...mine.map((own) => ({ own, sendAt: undefined })));
      }
    }
    return all;
  }

  /** Calls a letter back, which is a draft then. Throws SetFailed where it went. */
  async callBack(accountId: AccountId, submission: EmailSubmissionId): Promise<void> {
    updated(await this.#server.one(call("EmailSubmission/set", { accountId, update: { [submission]: { undoStatus: "canceled" } } }), { act: true }), submission);
    const { note } = this.forget(submission) ?? {};
    if (note !== undefined) this.#undo.drop(note); // it leads back to what is no more
  }

  /** Has a letter that waits go at another time, and gives what waits instead. Throws SetFailed where it went, and CalledBack where it is a draft then. */
  async change(accountId: AccountId, w: Waits, when: Date | undefined): Promise<Waits> {
    await this.callBack(accountId, w.id); // first, so that it never goes twice
    try {
      return { ...w, ...(await submit(this.#server, accountId, w, when)) };
    } catch (error) {
      throw new CalledBack(error);
    }
  }
}
