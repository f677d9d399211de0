// Who is at a conversation now, and that this page's person is (docs/jmap-work.md 5).

import { call, type AccountId, type ThreadId, type WorkPresence, type WorkPresenceId } from "../jmap/client.js";
import type { Server } from "./server.js";

type Doing = WorkPresence["doing"];

interface At {
  accountId: AccountId;
  threadId: ThreadId;
  doing: Doing;
}

/** A tab is at one conversation at a time. What it says of itself is said again in half the time for which it holds. */
export class Presence {
  readonly #server: Server;
  readonly #tab = crypto.randomUUID();
  readonly #viewing: At[] = [];
  readonly #writing: At[] = [];
  #said: { at: At; id: WorkPresenceId | undefined } | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #turn: Promise<void> = Promise.resolve();
  #hidden = false;

  constructor(server: Server) {
    this.#server = server;
  }

  all(accountId: AccountId) {
    return {
      queryKey: ["work", accountId, "presences"] as const,
      queryFn: async (): Promise<WorkPresence[]> => (await this.#server.one(call("WorkPresence/get", { accountId, ids: null }))).list,
    };
  }

  /** Says that the person is at a conversation, until what is given back is called. Where several are said, writing goes before looking, and the last before others. */
  arrive(accountId: AccountId, threadId: ThreadId, doing: Doing): () => void {
    const at: At = { accountId, threadId, doing };
    const list = doing === "writing" ? this.#writing : this.#viewing;
    list.push(at);
    this.#tell();
    return () => {
      const i = list.indexOf(at);
      if (i >= 0) list.splice(i, 1);
      this.#tell();
    };
  }

  /** Nobody sees a page that is hidden: it says nothing of itself until it is shown again. */
  pause(hidden: boolean): void {
    this.#hidden = hidden;
    this.#tell();
  }

  get #wanted(): At | undefined {
    return this.#writing.at(-1) ?? (this.#hidden ? undefined : this.#viewing.at(-1));
  }

  /** Says where the person is now, one request after the other, so that what is said last is what holds. */
  #tell(): void {
    this.#turn = this.#turn.then(() => this.#say()).catch(() => {}); // it is said again in a moment
  }

  async #say(): Promise<void> {
    clearTimeout(this.#timer);
    const at = this.#wanted;
    const said = this.#said;
    if (said?.id && (!at || at.accountId !== said.at.accountId)) {
      this.#said = undefined;
      await this.#server.one(call("WorkPresence/set", { accountId: said.at.accountId, destroy: [said.id], tab: this.#tab })).catch(() => {});
    }
    if (!at) return;
    const seconds = this.#server.session.accounts[at.accountId]?.accountCapabilities["urn:haven:work"]?.presenceSeconds;
    if (!seconds) return;
    this.#timer = setTimeout(() => this.#tell(), (seconds * 1000) / 2);
    const { threadId, doing } = at;
    const answer = await this.#server.one(call("WorkPresence/set", { accountId: at.accountId, create: { p: { threadId, doing } }, tab: this.#tab }));
    const made = answer.created?.p;
    this.#said = { at, id: made?.id };
  }
}
