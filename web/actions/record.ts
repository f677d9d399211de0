// Letters are filed to patients' records.

import { SetFailed, type AccountId, type WorkFiling, type WorkFilingCreate } from "../jmap/client.js";
import { locale, t } from "../locales/text.js";
import { clockDate } from "../model/dates.js";
import type { Letter } from "../store/letters.js";
import type { Mail } from "../store/mail.js";
import type { Desk } from "./desk.js";
import type { Command } from "./command.js";

export const fileToRecord: Command<Desk> = { id: "file-to-record", icon: "record", name: () => t.fileToRecord, keys: ["Shift+F"], may: (d) => d.mayFile, run: (d) => d.file() };

/** Whether a letter can be filed: the service says so of the mailbox, and a draft is no letter yet. */
export function mayFile(mail: Mail, accountId: AccountId, letter: Pick<Letter, "keywords">): boolean {
  return mail.filings.in(accountId)?.mayHandle === true && !letter.keywords.$draft;
}

/** What came of filing: it is noted, somebody filed it before, or it is refused, with what is at fault. */
export type Came = { is: "filed"; filing: Pick<WorkFiling, "filedAt" | "keepUntil"> } | { is: "before"; says: string } | { is: "refused"; says: string; at: string | undefined };

export async function file(mail: Mail, accountId: AccountId, filing: WorkFilingCreate, again: boolean): Promise<Came> {
  try {
    return { is: "filed", filing: await mail.filings.file(accountId, filing, again) };
  } catch (error) {
    if (!(error instanceof SetFailed)) return { is: "refused", says: error instanceof TypeError ? t.noConnection : t.wentWrong(error instanceof Error ? error.message : String(error)), at: undefined };
    const { type, description, properties, filedByName, filedAt } = error.says;
    if (type === "filedAlready") {
      const who = typeof filedByName === "string" ? filedByName : t.aColleague;
      return { is: "before", says: t.filedBefore(who, typeof filedAt === "string" ? momentText(filedAt) : "") };
    }
    return { is: "refused", says: description ?? t.wentWrong(type), at: properties?.[0] };
  }
}

/** Takes back that a letter was filed; what the service refuses is told. */
export async function takeBackFiling(mail: Mail, accountId: AccountId, filing: WorkFiling): Promise<void> {
  const sure = await mail.questions.ask({ title: t.takeBackTitle, text: t.takeBackText, yes: t.takeBack, grave: true });
  if (!sure) return;
  try {
    await mail.filings.takeBack(accountId, filing.id);
    mail.undo.add(t.filingTakenBack);
  } catch (error) {
    mail.undo.fail(error instanceof SetFailed ? (error.says.description ?? t.wentWrong(error.says.type)) : error instanceof TypeError ? t.noConnection : t.wentWrong(String(error)));
  }
}

/** A moment that has passed, in a sentence. */
export function momentText(at: string): string {
  return clockDate(at, new Date(), locale);
}

/** The last day on which something is kept. */
export function keptText(keepUntil: string): string {
  return new Date(Date.parse(keepUntil) - 1).toLocaleDateString(locale, { day: "numeric", month: "long", year: "numeric", timeZone: "Europe/London" });
}
