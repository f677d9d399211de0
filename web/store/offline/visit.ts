// A page that was opened without the service, until it is back.

import { RequestError, type Client } from "../../jmap/client.js";
import { isOver, otherPerson } from "../../model/ends.js";
import { bring, nothing, together, waiting, type Brought } from "./outgoing.js";
import type { Opened } from "./vault.js";

export interface VisitNow {
  /** When the service was heard last. */
  heard: number;
  /** How many letters wait for it. */
  waits: number;
  /** back: the service is there again; what is being written goes before. over: it is, and the log in is over though letters wait. */
  is: "away" | "back" | "bringing" | "over";
}

/** What it needs around it. */
export interface Ground {
  /** Asks for the service; throws while it is away. */
  open: () => Promise<Client>;
  /** Whether a letter is being written, which is not to be taken away. */
  isWriting: () => boolean;
  /** Saves what is being written, and closes it. False: it could not be saved, and stays on the page. */
  save: () => Promise<boolean>;
  /** The service is there, and what waited is brought. */
  onBack: (client: Client, brought: Brought) => void;
  /** It is there, and does not let this person in now. */
  onRefused: (error: RequestError) => void;
  /** Somebody else is logged in. */
  onOther: () => void;
  /** What is kept may not be open any more, or is gone. */
  onGone: () => void;
}

const every = 15_000; // milliseconds

export class Visit {
  readonly #opened: Opened;
  readonly #ground: Ground;
  readonly #watchers = new Set<() => void>();
  #now: VisitNow;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #staying: ReturnType<typeof setInterval> | undefined;
  #going = false;
  #over = false;
  #brought: Brought = nothing;

  constructor(opened: Opened, ground: Ground) {
    this.#opened = opened;
    this.#ground = ground;
    this.#now = { heard: opened.vault.heard, waits: 0, is: "away" };
  }

  readonly snapshot = (): VisitNow => this.#now;

  readonly watch = (told: () => void): (() => void) => {
    this.#watchers.add(told);
    return () => this.#watchers.delete(told);
  };

  /** Looks for the service from now on. */
  begin(): void {
    globalThis.addEventListener?.("online", () => void this.#look());
    this.#opened.vault.watch(() => void this.#count());
    void this.#count();
    this.#staying = setInterval(() => void this.#stay().catch(() => {}), every);
    this.#later();
  }

  /** Goes on with the service, though a letter is being written: it is saved before. */
  async goOn(): Promise<void> {
    if (this.#going || this.#over) return;
    this.#going = true;
    try {
      const client = await this.#ground.open();
      this.#set({ is: "bringing" });
      if (client.session.havenPerson !== this.#opened.vault.whose || client.session.havenShared !== false) return this.#end(this.#ground.onOther);
      if (!(await this.#ground.save())) return this.#set({ is: "back" });
      this.#brought = together(this.#brought, await bring(client, this.#opened));
      if (this.#ground.isWriting()) return this.#set({ is: "back" }); // it was begun meanwhile
      this.#end(() => this.#ground.onBack(client, this.#brought));
    } catch (error) {
      if (error instanceof RequestError && (error.status === 401 || error.status === 403)) {
        if (!(await this.#ground.save())) return this.#set({ is: "back" });
        if (error.rule === otherPerson || !isOver(error.status, error.rule) || (await waiting(this.#opened.vault)) === 0) return this.#end(() => this.#ground.onRefused(error));
        this.#set({ is: "over" }); // whoever leaves for the log in loses them; in another tab the same person logs in again
      } else this.#set({ is: "away" });
      this.#later();
    } finally {
      this.#going = false;
    }
  }

  async #look(): Promise<void> {
    if ((this.#now.is !== "away" && this.#now.is !== "over") || this.#over) return;
    if (!this.#ground.isWriting()) return this.goOn();
    try {
      await this.#ground.open();
      this.#set({ is: "back" });
    } catch (error) {
      if (error instanceof RequestError && error.status < 500) this.#set({ is: "back" }); // it says why not once the letter is saved
      else this.#later();
    }
  }

  /** A page that stays open opens nothing for longer than one that is opened now. */
  async #stay(): Promise<void> {
    if (!(await this.#opened.vault.isOpenable()) && !this.#over) this.#end(this.#ground.onGone);
  }

  #later(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), every);
  }

  async #count(): Promise<void> {
    this.#set({ waits: await waiting(this.#opened.vault) });
  }

  #end(then: () => void): void {
    this.#over = true;
    clearTimeout(this.#timer);
    clearInterval(this.#staying);
    then();
  }

  #set(now: Partial<VisitNow>): void {
    this.#now = { ...this.#now, ...now };
    for (const told of this.#watchers) told();
  }
}
