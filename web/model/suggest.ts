// What could come next in the field of the search: operators, and what can stand behind some of them.

import type { Mailbox } from "../jmap/types.js";

export interface Suggestion {
  /** The whole text with it. */
  text: string;
  operator: string;
  /** undefined: the operator alone, whose value is still to be typed. */
  value?: string;
}

export const operators = ["from", "to", "subject", "has", "is", "in", "after", "before"] as const;

const most = 8;

const day = (d: Date) => `${d.getFullYear()}-${String(d.getMonth() + 1).padStart(2, "0")}-${String(d.getDate()).padStart(2, "0")}`;

function valuesOf(operator: string, folders: readonly Mailbox[], now: Date): string[] {
  const ago = (days: number) => day(new Date(now.getFullYear(), now.getMonth(), now.getDate() - days));
  switch (operator) {
    case "has":
      return ["attachment"];
    case "is":
      return ["unread", "read", "flagged", "answered"];
    case "in":
      return folders.map((f) => f.name);
    case "after":
    case "before":
      return [ago(1), ago(7), ago(30), ago(365)];
  }
  return [];
}

/** What fits to what was typed last. Nothing where that is a word, or is complete. */
export function suggestionsFor(text: string, folders: readonly Mailbox[], now: Date): Suggestion[] {
  const last = /(?:^|\s)(-?)(?:([a-z]+):)?("?)([^\s"]*)$/i.exec(text);
  if (!last) return [];
  const [, minus = "", name = "", , typed = ""] = last;
  const before = text.slice(0, text.length - (last[0].length - (/^\s/.test(last[0]) ? 1 : 0)));
  const fits = (s: string) => s.toLowerCase().startsWith(typed.toLowerCase());
  if (name) {
    const values = valuesOf(name.toLowerCase(), folders, now).filter((v) => fits(v) && v.toLowerCase() !== typed.toLowerCase());
    return values.slice(0, most).map((value) => ({ text: `${before}${minus}${name}:${/\s/.test(value) ? `"${value}"` : value} `, operator: name.toLowerCase(), value }));
  }
  return operators.filter(fits).map((operator) => ({ text: `${before}${minus}${operator}:`, operator }));
}
