// What was filed to patients' records (docs/jmap-work.md 8).

import type { QueryClient } from "@tanstack/react-query";
import { call, created, destroyed, type AccountId, type EmailId, type ThreadId, type WorkCapability, type WorkFiling, type WorkFilingCreate, type WorkFilingId } from "../jmap/client.js";
import type { Server } from "./server.js";

export type Format = WorkFiling["formats"][number];

export class Filings {
  readonly #server: Server;
  readonly #cache: QueryClient;
  /** As what the person had the last letter given out, for as long as the page is there. */
  formats: readonly Format[] = ["pdf"];

  constructor(server: Server, cache: QueryClient) {
    this.#server = server;
    this.#cache = cache;
  }

  /** What the service offers in an account; undefined where nothing is filed. */
  in(accountId: AccountId): WorkCapability | undefined {
    return this.#server.session.accounts[accountId]?.accountCapabilities["urn:haven:work"];
  }

  /** What was filed of a conversation, the oldest first. */
  of(accountId: AccountId, threadId: ThreadId) {
    return {
      queryKey: ["work", accountId, "filings", threadId] as const,
      queryFn: async (): Promise<WorkFiling[]> => {
        const found = call("WorkFiling/query", { accountId, filter: { threadId } });
        const [, { list }] = await this.#server.request([found, call("WorkFiling/get", { accountId, "#ids": found.ref("/ids") })]);
        return [...list].sort((a, b) => (a.filedAt < b.filedAt ? -1 : 1));
      },
    };
  }

  /** Notes that a letter was filed; again says that it is so though it was already. Throws SetFailed where the service refuses. */
  async file(accountId: AccountId, filing: WorkFilingCreate, again: boolean): Promise<Pick<WorkFiling, "filedAt" | "keepUntil">> {
    const ids: EmailId[] = again ? [filing.emailId] : [];
    const made = created(await this.#server.one(call("WorkFiling/set", { accountId, create: { f: filing }, again: ids }), { act: true }), "f");
    await this.#again(accountId);
    return made as Pick<WorkFiling, "filedAt" | "keepUntil">;
  }

  /** Takes back that a letter was filed. Throws SetFailed where the service refuses. */
  async takeBack(accountId: AccountId, id: WorkFilingId): Promise<void> {
    destroyed(await this.#server.one(call("WorkFiling/set", { accountId, destroy: [id] }), { act: true }), id);
    await this.#again(accountId);
  }

  async #again(accountId: AccountId): Promise<void> {
    await this.#cache.invalidateQueries({ queryKey: ["work", accountId, "filings"] });
  }
}
