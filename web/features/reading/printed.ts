// A conversation for paper, with the mailbox, the person and the time on it.

import { locale, t } from "../../locales/text.js";
import { fullDate } from "../../model/dates.js";
import { htmlOf, textOf } from "../../model/bodies.js";
import { written } from "../../model/people.js";
import { sizeText } from "../../model/sizes.js";
import type { Letter } from "../../store/letters.js";
import { attachmentsOf } from "../viewer/items.js";
import { print } from "../viewer/paper.js";
import { isTooMuch, sanitise } from "./sanitise.js";

export interface Printing {
  letters: readonly Letter[];
  mailbox: string;
  person: string;
  now: Date;
  /** Where a picture of a letter is read; undefined for one that it has not. */
  inline: (letter: Letter, cid: string) => string | undefined;
}

export function printed(p: Printing): Promise<void> {
  const subject = p.letters[0]?.subject || t.noSubject;
  const head = make("header", "print-head");
  head.append(make("h1", "", subject), make("div", "", t.printedFrom(p.mailbox, p.person, fullDate(p.now.toISOString(), locale))));
  return print([head, ...p.letters.map((l, i) => paperOf(l, `letter-${i + 1}`, p))], subject);
}

function make(name: string, className: string, text = ""): HTMLElement {
  const element = document.createElement(name);
  if (className) element.className = className;
  element.textContent = text;
  return element;
}

function paperOf(letter: Letter, name: string, { inline }: Printing): HTMLElement {
  const paper = make("section", "print-letter");
  const body = make("div", name);
  const facts = make("dl", "");
  const files = attachmentsOf(letter).map((f) => `${f.name ?? t.unnamed(f.type)} (${sizeText(f.size)})`);
  const rows: [string, string][] = [
    [t.from, (letter.from ?? []).map(written).join(", ")], [t.to, (letter.to ?? []).map(written).join(", ")], [t.cc, (letter.cc ?? []).map(written).join(", ")],
    [t.date, fullDate(letter.sentAt ?? letter.receivedAt, locale)], [t.attached, files.join(", ")],
  ];
  for (const [name, text] of rows) {
    if (!text) continue;
    const row = make("div", "");
    row.append(make("dt", "", name), make("dd", "", text));
    facts.append(row);
  }
  const html = htmlOf(letter);
  paper.append(facts, body);
  if (html === undefined || isTooMuch(html)) body.append(make("pre", "", textOf(letter)));
  else body.append(sanitise(html, { inline: (cid) => inline(letter, cid), remote: false, scope: `.${name}`, leadsElsewhere: t.leadsElsewhere, showQuoted: t.showQuoted }).content);
  return paper;
}
