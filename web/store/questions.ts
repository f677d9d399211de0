// What a person is asked before something happens that can't be taken back, or that others will see.

export interface Question {
  title: string;
  text: string;
  /** What the button says that does it. */
  yes: string;
  /** It loses something. */
  grave?: boolean;
}

interface Asked extends Question {
  answer: (yes: boolean) => void;
}

/** One question at a time; another one that comes is answered with no for the one before. */
export class Questions {
  #now: Asked | undefined;
  readonly #watchers = new Set<() => void>();

  readonly snapshot = (): Asked | undefined => this.#now;

  readonly watch = (told: () => void): (() => void) => {
    this.#watchers.add(told);
    return () => this.#watchers.delete(told);
  };

  ask(question: Question): Promise<boolean> {
    this.#now?.answer(false);
    return new Promise((resolve) => {
      this.#set({
        ...question,
        answer: (yes) => {
          this.#set(undefined);
          resolve(yes);
        },
      });
    });
  }

  #set(now: Asked | undefined): void {
    this.#now = now;
    for (const told of this.#watchers) told();
  }
}
