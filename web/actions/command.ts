// What a person can do: one list, from which buttons, menus and keys are made.

export interface Command<Context> {
  id: string;
  name: (context: Context) => string;
  /** Keys, such as "e" or "Shift+U". */
  keys?: readonly string[];
  may: (context: Context) => boolean;
  run: (context: Context) => void | Promise<void>;
}

/** How a key event is written in a command. */
export function keyOf(e: Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "metaKey" | "altKey">): string {
  const plain = e.key.length === 1;
  const parts = [
    e.ctrlKey || e.metaKey ? "Mod" : "",
    e.altKey ? "Alt" : "",
    e.shiftKey && (!plain || /\p{L}/u.test(e.key)) ? "Shift" : "", // the shift of "?" and "#" is part of them
    plain ? e.key.toLowerCase() : e.key,
  ];
  return parts.filter(Boolean).join("+");
}

/** Whether typing goes into a field: then single keys are letters and no commands. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) && !/^(checkbox|radio|button)$/.test((target as HTMLInputElement).type ?? "");
}
