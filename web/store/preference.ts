// Something that a person chose for this browser. On an own device it stays; elsewhere it goes with the tab.

import type { Session } from "../jmap/client.js";

export class Preference<T> {
  readonly #storage: Storage;
  readonly #name: string;
  #now: T;
  readonly #watchers = new Set<() => void>();

  /** read makes the value of what was kept, which may be anything. */
  constructor(session: Session, what: string, read: (kept: unknown) => T) {
    // Where the service does not say that the computer is the person's own, nothing is left behind.
    this.#storage = session.havenShared === false ? localStorage : sessionStorage;
    this.#name = `haven ${what} ${session.havenPerson ?? ""}`;
    this.#now = read(this.#kept());
  }

  readonly snapshot = (): T => this.#now;

  readonly watch = (told: () => void): (() => void) => {
    this.#watchers.add(told);
    return () => this.#watchers.delete(told);
  };

  set(now: T): void {
    this.#now = now;
    try {
      this.#storage.setItem(this.#name, JSON.stringify(now));
    } catch {
      // A browser that keeps nothing: it holds until the page goes.
    }
    for (const told of this.#watchers) told();
  }

  #kept(): unknown {
    try {
      return JSON.parse(this.#storage.getItem(this.#name) ?? "null");
    } catch {
      return null;
    }
  }
}
