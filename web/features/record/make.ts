// What of a letter goes into a record.

import { locale, t } from "../../locales/text.js";
import type { AccountId } from "../../jmap/client.js";
import { htmlOf, isCut, textOf } from "../../model/bodies.js";
import { fullDate } from "../../model/dates.js";
import { safeName } from "../../model/files/zip.js";
import { textOfHtml } from "../../model/htmlText.js";
import { grouped } from "../../model/patient.js";
import { written } from "../../model/people.js";
import type { Kind } from "../../model/record/fhir.js";
import type { Paper, PaperFile } from "../../model/record/pdf.js";
import type { Format } from "../../store/filings.js";
import type { Letter } from "../../store/letters.js";
import type { Server } from "../../store/server.js";
import { knownOf, saidOf } from "../reading/verdictWords.js";
import { filesOf, NoFiles } from "./files.js";
import { ready, type Ready } from "./order.js";

export interface Making {
  letter: Letter;
  nhsNumber: string;
  reference: string;
  formats: readonly Format[];
  /** The mailbox's name. */
  mailbox: string;
  /** Who files it: the name and the address. */
  person: string;
  username: string;
  /** What the mailbox's filters said that the letter is. */
  category: string | null;
  now: Date;
}

/** Makes the files. Throws NoFiles where that fails for the letter's own. */
export async function made(server: Server, accountId: AccountId, m: Making, signal: AbortSignal): Promise<Ready> {
  const wants = (f: Format) => m.formats.includes(f);
  const paper = wants("pdf") ? paperOf(m, await filesOf(server, accountId, m.letter, signal)) : undefined;
  const { letter, nhsNumber, reference, mailbox, now } = m;
  return ready(
    {
      name: nameOf(letter),
      formats: m.formats,
      paper,
      original: wants("eml") || (wants("fhir") && !paper) ? await original(server, accountId, letter, signal) : undefined, // the document of FHIR holds a form of the letter
      facts: {
        nhsNumber, reference, mailbox, subject: letter.subject ?? "", from: letter.from, messageId: letter.messageId?.[0], kind: kindOf(m.category),
        sentAt: new Date(letter.sentAt ?? letter.receivedAt).toISOString(), at: now.toISOString(),
      },
    },
    signal,
  );
}

async function original(server: Server, accountId: AccountId, letter: Letter, signal: AbortSignal): Promise<Uint8Array> {
  try {
    return new Uint8Array(await (await server.download(accountId, letter.blobId, signal)).arrayBuffer());
  } catch {
    throw new NoFiles("away");
  }
}

function kindOf(category: string | null): Kind {
  if (category?.startsWith("discharge")) return "discharge"; // a discharge referral too
  return category === "referral" ? "referral" : "letter";
}

/** What the files of a letter are called: its day, by which they sort, and the beginning of its subject. */
function nameOf(letter: Letter): string {
  return safeName(t.recordFile(new Date(letter.receivedAt).toLocaleDateString("sv-SE"), (letter.subject || t.noSubject).slice(0, 60)));
}

/** What a letter says: of its HTML what is read here. */
export function readable(letter: Letter): string {
  const html = htmlOf(letter);
  return html === undefined ? textOf(letter) : textOfHtml(html);
}

function paperOf(m: Making, files: readonly PaperFile[]): Paper {
  const { letter } = m;
  const people = (list: Letter["to"]) => (list ?? []).map(written).join(", ");
  const said = saidOf(letter, m.username).map((s) => s.text).join(" ");
  const verdict = said || (knownOf(letter, m.username).origin === "inside" ? t.paper.inside : t.paper.unknown);
  const patient = `${t.nhsNumber} ${grouped(m.nhsNumber)}`;
  const facts: [string, string][] = [
    [t.from, people(letter.from)], [t.to, people(letter.to)], [t.cc, people(letter.cc)], [t.date, fullDate(letter.sentAt ?? letter.receivedAt, locale)],
    [t.arrived, fullDate(letter.receivedAt, locale)], [t.paper.sender, verdict], [t.paper.patient, patient], [t.paper.reference, m.reference],
    [t.paper.filed, t.paper.filedBy(m.person, fullDate(m.now.toISOString(), locale))],
  ];
  return {
    title: letter.subject || t.noSubject, head: m.mailbox, foot: patient, facts: facts.filter(([, text]) => text), body: readable(letter), files, language: locale, made: m.now.getTime(),
    ...(isCut(letter) && { cut: t.paper.cut }),
  };
}
