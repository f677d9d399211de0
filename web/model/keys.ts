// Keys of commands: how they are written, which of them a person has, and what they changed.

/** What a person set of keys. */
export interface KeySettings {
  /** Keys of one character are commands (WCAG 2.1.4 wants them off until somebody asks for them). */
  single: boolean;
  /** By command, the one character that stands for it instead of its own; "" for none. */
  changed: Readonly<Record<string, string>>;
}

export const asDelivered: KeySettings = { single: false, changed: {} };

export interface Keyed {
  id: string;
  keys?: readonly string[];
  calm?: boolean;
}

/** How a key event is written in a command. */
export function keyOf(e: Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "metaKey" | "altKey">): string {
  const plain = e.key.length === 1;
  const letter = plain && /\p{L}/u.test(e.key);
  const parts = [
    e.ctrlKey || e.metaKey ? "Mod" : "",
    e.altKey ? "Alt" : "",
    e.shiftKey && (!plain || letter) ? "Shift" : "", // the shift of "?" and "#" is part of them
    letter ? (e.shiftKey || e.ctrlKey || e.metaKey ? e.key.toUpperCase() : e.key.toLowerCase()) : e.key,
  ];
  return parts.filter(Boolean).join("+");
}

/** Whether a key is one character, with Shift or without, so that somebody who dictates or leans on a key presses it by mistake. */
export function isSingle(key: string): boolean {
  return [...key.replace(/^Shift\+/, "")].length === 1;
}

/** The keys that a command has for a person, the one to show first. */
export function keysOf(command: Keyed, settings: KeySettings): string[] {
  const own = command.keys ?? [];
  const changed = settings.changed[command.id];
  const single = changed === undefined ? own.filter(isSingle) : changed ? [changed] : [];
  const others = own.filter((k) => !isSingle(k));
  return settings.single || command.calm ? [...single, ...others] : others;
}

/** The command that a key stands for. What somebody changed goes before what others have by themselves. */
export function commandOf<C extends Keyed>(key: string, commands: readonly C[], settings: KeySettings): C | undefined {
  const has = commands.filter((c) => keysOf(c, settings).includes(key));
  return has.find((c) => settings.changed[c.id] === key) ?? has[0];
}

/** Gives a command another single key, and takes that key from the command that had it. */
export function rebound(settings: KeySettings, commands: readonly Keyed[], id: string, key: string): KeySettings {
  const changed: Record<string, string> = { ...settings.changed, [id]: key };
  for (const c of commands) {
    if (c.id !== id && key && keysOf(c, { ...settings, single: true }).includes(key)) changed[c.id] = "";
  }
  return { ...settings, changed };
}

/** What was kept, as far as it can be understood. */
export function settingsOf(kept: unknown): KeySettings {
  if (typeof kept !== "object" || kept === null) return asDelivered;
  const { single, changed } = kept as Partial<KeySettings>;
  const own = typeof changed === "object" && changed !== null ? Object.entries(changed).filter(([, k]) => k === "" || (typeof k === "string" && isSingle(k))) : [];
  return { single: single === true, changed: Object.fromEntries(own) };
}

/** As it stands on keys. */
export function keyText(key: string, isMac: boolean): string {
  const names: Record<string, string> = { Mod: isMac ? "⌘" : "Ctrl", Alt: isMac ? "⌥" : "Alt", Delete: "Del", Escape: "Esc", ArrowDown: "↓", ArrowUp: "↑", " ": "Space" };
  return key
    .split(/\+(?=.)/)
    .map((p) => names[p] ?? p)
    .join("+");
}
