// Filters that people make with a form, and the Sieve script (RFC 5228) that they are kept in.
//
// A script may have been written by another program, or by hand. What the form did not write stays as it is, octet for octet: the form's filters stand in a part of their own
// between two lines of comment. A filter is a line of comment that says what it is, and the command made of it; where the two don't agree any more somebody changed the command, and it is text like any other.

export const fields = ["from", "to", "subject", "body"] as const;
export type Field = (typeof fields)[number];

export interface Condition {
  field: Field;
  /** false: it does not contain it. */
  contains: boolean;
  value: string;
}

export interface Rule {
  name: string;
  /** All conditions have to be true, or one of them. */
  all: boolean;
  conditions: Condition[];
  /** Where it goes; undefined: it stays in the Inbox. */
  folder?: { id: string; name: string };
  flag?: boolean;
  read?: boolean;
  /** What it is for those who work in the mailbox together (docs/jmap-work.md 7). */
  category?: string;
  /** Within how many hours of open days it has to be done. */
  within?: number;
  /** Later filters don't see it. */
  stop: boolean;
  off?: boolean;
}

/** What somebody else wrote between the form's filters. */
export interface Foreign {
  text: string;
}

export interface Script {
  before: string;
  parts: (Rule | Foreign)[];
  after: string;
  /** Extensions that the form's part needs. */
  needs: string[];
}

const begin = "# Filters of the form begin here. What is changed by hand is kept, and shown as text.";
const end = "# Filters of the form end here.";
const mark = "# filter ";
const needsMark = "# for the filters of the form";

/** Categories that the form offers, and within how many hours each has to be done: of discharge notes 72 (Rules 12). */
export const categories = { referral: 72, discharge: 72, alert: 24, circular: 0 } as const;
export type Category = keyof typeof categories;

export function isRule(part: Rule | Foreign): part is Rule {
  return "conditions" in part;
}

/** A string of Sieve (RFC 5228 §2.4.2). */
function quoted(s: string): string {
  return `"${s.replace(/["\\]/g, "\\$&")}"`;
}

function testOf({ field, contains, value }: Condition): string {
  const what = quoted(value);
  const test = {
    from: `address :contains "from" ${what}`,
    to: `address :contains ["to", "cc"] ${what}`,
    subject: `header :contains "subject" ${what}`,
    body: `body :text :contains ${what}`,
  }[field];
  return contains ? test : `not ${test}`;
}

/** The command of a filter. */
export function commandOf(r: Rule): string {
  const tests = r.conditions.map(testOf);
  const joined = tests.length === 0 ? "true" : tests.length === 1 ? tests[0] : `${r.all ? "allof" : "anyof"}(${tests.join(", ")})`;
  const does = [
    ...(r.category ? [`category ${r.within ? `:within ${r.within * 3600} ` : ""}${quoted(r.category)};`] : []),
    ...(r.flag ? ['addflag "\\\\Flagged";'] : []),
    ...(r.read ? ['addflag "\\\\Seen";'] : []),
    ...(r.folder ? [`fileinto :mailboxid ${quoted(r.folder.id)} ${quoted(r.folder.name)};`] : []),
    ...(r.stop ? [...(r.folder ? [] : ["keep;"]), "stop;"] : []),
  ];
  return `if ${r.off ? `allof(false, ${joined})` : joined} {\n${does.map((d) => `    ${d}\n`).join("")}}\n`;
}

function needsOf(r: Rule): string[] {
  return [
    ...(r.folder ? ["fileinto", "mailboxid"] : []),
    ...(r.flag || r.read ? ["imap4flags"] : []),
    ...(r.category ? ["vnd.haven.work"] : []),
    ...(r.conditions.some((c) => c.field === "body") ? ["body"] : []),
  ];
}

function textOf(part: Rule | Foreign): string {
  return isRule(part) ? `${mark}${JSON.stringify(part)}\n${commandOf(part)}` : part.text;
}

/** The script as it is kept. */
export function writeScript(s: Script): string {
  if (s.parts.length === 0) return s.before + s.after;
  const foreign = s.parts.some((p) => !isRule(p));
  const needs = [...new Set([...s.parts.flatMap((p) => (isRule(p) ? needsOf(p) : [])), ...(foreign ? s.needs : [])])].sort();
  const require = needs.length ? `require [${needs.map(quoted).join(", ")}]; ${needsMark}\n` : "";
  const gap = s.before === "" || s.before.endsWith("\n") ? "" : "\n";
  return `${require}${s.before}${gap}${begin}\n${s.parts.map(textOf).join("")}${end}\n${s.after}`;
}

/** A script taken apart. */
export function readScript(text: string): Script {
  const needs: string[] = [];
  let rest = text;
  const first = /^require \[([^\]\n]*)\]; # for the filters of the form\r?\n/.exec(rest);
  if (first) {
    rest = rest.slice(first[0].length);
    needs.push(...[...(first[1] ?? "").matchAll(/"([^"]*)"/g)].map((m) => m[1] as string));
  }
  const from = rest.indexOf(`${begin}\n`);
  const to = rest.indexOf(`${end}\n`, from);
  if (from < 0 || to < 0) return { before: text, parts: [], after: "", needs: [] };
  return {
    before: rest.slice(0, from),
    parts: partsOf(rest.slice(from + begin.length + 1, to)),
    after: rest.slice(to + end.length + 1),
    needs,
  };
}

function partsOf(text: string): (Rule | Foreign)[] {
  return text
    .split(/^(?=# filter \{)/m)
    .filter((chunk) => chunk !== "")
    .map((chunk) => ruleOf(chunk) ?? { text: chunk });
}

/** The filter that a part of the script is; undefined where it is not as the form writes it. */
function ruleOf(chunk: string): Rule | undefined {
  const line = /^# filter (\{[^\n]*\})\n/.exec(chunk)?.[1];
  if (line === undefined) return undefined;
  try {
    const rule = JSON.parse(line) as Rule;
    return textOf(rule) === chunk ? rule : undefined;
  } catch {
    return undefined;
  }
}

/** What is wrong with a filter, by what lacks; nothing: it can be kept. */
export function lacks(r: Rule): ("name" | "conditions" | "value" | "action")[] {
  return [
    ...(r.name.trim() ? [] : ["name" as const]),
    ...(r.conditions.length ? [] : ["conditions" as const]),
    ...(r.conditions.every((c) => c.value.trim()) ? [] : ["value" as const]),
    ...(r.folder || r.flag || r.read || r.category ? [] : ["action" as const]),
  ];
}
