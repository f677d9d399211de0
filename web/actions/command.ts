// What a person can do: one list, from which buttons, menus and keys are made.

export interface Command<Context> {
  id: string;
  name: (context: Context) => string;
  /** Keys, such as "e", "Shift+U" or "Mod+Z". Those that are one character work where a person wished so, see model/keys.ts. */
  keys?: readonly string[];
  /** A picture of ui/Icon.tsx. */
  icon?: string;
  /** It shows something and does nothing, so that its one character works from the start. */
  calm?: boolean;
  may: (context: Context) => boolean;
  run: (context: Context) => void | Promise<void>;
}

/** A command with what it acts upon: what buttons, menus and keys need of it. */
export interface Bound extends Pick<Command<never>, "id" | "keys" | "icon" | "calm"> {
  label: string;
  run: () => void;
}

/** The commands that are allowed now. With several contexts, as of conversations in several mailboxes, it has to be allowed in each, and is done in each. */
export function bind<C>(commands: readonly Command<C>[], contexts: readonly C[]): Bound[] {
  const [first] = contexts;
  if (first === undefined) return [];
  return commands
    .filter((c) => contexts.every((x) => c.may(x)))
    .map((c) => ({ ...c, label: c.name(first), run: () => contexts.forEach((x) => void c.run(x)) }));
}

/** Whether typing goes into a field: then single keys are letters and no commands. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) && !/^(checkbox|radio|button)$/.test((target as HTMLInputElement).type ?? "");
}

/** Whether something stands above the page that has keys of its own. */
export function isCovered(): boolean {
  return document.querySelector("dialog[open], [role=dialog], [role=menu]") !== null;
}
