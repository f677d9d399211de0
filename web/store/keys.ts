// The keys that a person set. On an own device they stay; elsewhere they go with the tab.

import type { Session } from "../jmap/client.js";
import { settingsOf, type KeySettings } from "../model/keys.js";

export class Keys {
  readonly #storage: Storage;
  readonly #name: string;
  #now: KeySettings;
  readonly #watchers = new Set<() => void>();

  constructor(session: Session) {
    // Where the service does not say that the computer is the person's own, nothing is left behind.
    const own = (session as Session & { havenShared?: boolean }).havenShared === false;
    this.#storage = own ? localStorage : sessionStorage;
    this.#name = `haven keys ${session.havenPerson ?? ""}`;
    this.#now = settingsOf(this.#read());
  }

  readonly snapshot = (): KeySettings => this.#now;

  readonly watch = (told: () => void): (() => void) => {
    this.#watchers.add(told);
    return () => this.#watchers.delete(told);
  };

  set(now: KeySettings): void {
    this.#now = now;
    try {
      this.#storage.setItem(this.#name, JSON.stringify(now));
    } catch {
      // A browser that keeps nothing: the keys are good until the page goes.
    }
    for (const told of this.#watchers) told();
  }

  #read(): unknown {
    try {
      return JSON.parse(this.#storage.getItem(this.#name) ?? "null");
    } catch {
      return null;
    }
  }
}
