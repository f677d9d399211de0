// What people type to find letters: words, and operators such as from:anna or before:2026-03-01.

import type { EmailCondition, Filter, Mailbox } from "../jmap/types.js";

export interface Search {
  filter: Filter<EmailCondition>;
  /** What is marked in what was found. */
  words: string[];
  /** What could not be understood, as it was typed. */
  unclear: string[];
}

interface Term {
  operator: string;
  value: string;
  not: boolean;
  typed: string;
}

const texts = new Set(["from", "to", "cc", "bcc", "subject", "body"]);

/** The terms of a text: operator:value, "a phrase", or a word; "-" in front turns one round. */
export function termsOf(text: string): Term[] {
  const terms: Term[] = [];
  for (const m of text.matchAll(/(-?)(?:([a-zA-Z]+):)?("([^"]*)"?|\S+)/g)) {
    const [typed, minus = "", operator = "", raw = "", phrase] = m;
    terms.push({ operator: operator.toLowerCase(), value: phrase ?? raw, not: minus !== "", typed });
  }
  return terms;
}

/** The day that somebody typed, at its beginning: 2026-03-01, 1/3/2026, or 1/3 of this year. */
export function dayOf(text: string, now: Date): Date | undefined {
  const iso = /^(\d{4})-(\d{1,2})(?:-(\d{1,2}))?$/.exec(text);
  const british = /^(\d{1,2})[/.](\d{1,2})(?:[/.](\d{2}|\d{4}))?$/.exec(text);
  let parts: [number, number, number] | undefined;
  if (iso) parts = [Number(iso[1]), Number(iso[2]), Number(iso[3] ?? 1)];
  if (british) {
    const year = british[3] === undefined ? now.getFullYear() : Number(british[3]);
    parts = [year < 100 ? 2000 + year : year, Number(british[2]), Number(british[1])];
  }
  if (!parts) return undefined;
  const [y, m, d] = parts;
  const day = new Date(y, m - 1, d);
  return day.getMonth() === m - 1 && day.getDate() === d ? day : undefined;
}

function conditionOf({ operator, value }: Term, folders: readonly Mailbox[], now: Date): EmailCondition | undefined {
  if (texts.has(operator)) return { [operator]: value };
  switch (operator) {
    case "":
      return { text: value };
    case "has":
      return /^attachments?$/i.test(value) ? { hasAttachment: true } : undefined;
    case "is":
      return { unread: { notKeyword: "$seen" }, read: { hasKeyword: "$seen" }, flagged: { hasKeyword: "$flagged" }, answered: { hasKeyword: "$answered" } }[value.toLowerCase()];
    case "in": {
      const folder = folders.find((f) => f.name.toLowerCase() === value.toLowerCase()) ?? folders.find((f) => f.role === value.toLowerCase());
      return folder && { inMailbox: folder.id };
    }
    case "before":
    case "after": {
      const day = dayOf(value, now);
      if (!day) return undefined;
      if (operator === "after") day.setDate(day.getDate() + 1); // "after the 3rd" leaves out the 3rd
      return { [operator]: day.toISOString().replace(/\.\d+/, "") };
    }
  }
  return undefined;
}

/** What a text looks for in an account with these folders. What can't be understood is looked for as it stands. */
export function searchOf(text: string, folders: readonly Mailbox[], now: Date): Search {
  const conditions: Filter<EmailCondition>[] = [];
  const words: string[] = [];
  const unclear: string[] = [];
  for (const term of termsOf(text)) {
    if (term.value === "") continue;
    let condition = conditionOf(term, folders, now);
    if (!condition) {
      unclear.push(term.typed);
      condition = { text: `"${term.typed.replaceAll('"', "")}"` };
    } else if (term.operator === "" && term.value.includes(" ")) {
      condition = { text: `"${term.value}"` };
    }
    conditions.push(term.not ? { operator: "NOT", conditions: [condition] } : condition);
    if (!term.not && (term.operator === "" || texts.has(term.operator))) words.push(term.value);
  }
  return { filter: conditions.length === 1 && conditions[0] ? conditions[0] : { operator: "AND", conditions }, words, unclear };
}
