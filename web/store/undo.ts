// What was done and can be taken back.

export interface Done {
  id: number;
  /** Said when it was done: "3 conversations archived". */
  says: string;
  /** Takes it back. */
  undo?: () => Promise<void> | void;
  /** When it can't be taken back any more, in milliseconds of Date.now. */
  until: number;
  failed?: boolean;
  /** What can be done instead of what could not be done. */
  instead?: Instead;
}

export interface Instead {
  name: string;
  run: () => Promise<unknown> | void;
}

/** How long what was done can be taken back, in milliseconds. */
export const undoFor = 25_000;

export class Undo {
  #all: readonly Done[] = [];
  #last = 0;
  readonly #watchers = new Set<() => void>();

  readonly snapshot = (): readonly Done[] => this.#all;

  readonly watch = (told: () => void): (() => void) => {
    this.#watchers.add(told);
    return () => this.#watchers.delete(told);
  };

  /** Notes what was done. */
  add(says: string, undo?: Done["undo"], lasts = undoFor): number {
    const id = ++this.#last;
    this.#set([...this.#all, { id, says, ...(undo && { undo }), until: Date.now() + lasts }]);
    setTimeout(() => this.drop(id), lasts);
    return id;
  }

  /** Notes what could not be done, and what can be done instead. With lasts Infinity it stays until somebody closes it. */
  fail(says: string, instead?: Instead, lasts = undoFor): void {
    const id = ++this.#last;
    this.#set([...this.#all, { id, says, failed: true, ...(instead && { instead }), until: Date.now() + lasts }]);
    if (Number.isFinite(lasts)) setTimeout(() => this.drop(id), lasts);
  }

  drop(id: number): void {
    if (this.#all.some((d) => d.id === id)) this.#set(this.#all.filter((d) => d.id !== id));
  }

  /** Takes back one thing, or the last that can be. */
  async take(id?: number): Promise<void> {
    const done = id === undefined ? this.#all.findLast((d) => d.undo) : this.#all.find((d) => d.id === id);
    if (!done?.undo) return;
    this.drop(done.id);
    await done.undo();
  }

  #set(all: readonly Done[]): void {
    this.#all = all;
    for (const told of this.#watchers) told();
  }
}
