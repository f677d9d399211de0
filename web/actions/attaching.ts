// Letters are forwarded whole, as files of another one.

import { call, type AccountId, type EmailId } from "../jmap/client.js";
import { t } from "../locales/text.js";
import { asFiles, attachable, type Attachable } from "../model/attached.js";
import { answerSubject } from "../model/reply.js";
import { mostOctets, roomFor } from "../model/room.js";
import { sizeText } from "../model/sizes.js";
import type { Mail } from "../store/mail.js";
import { begin, told } from "./writing.js";

/** Letters that go with one at most. */
const most = 30;

/** Begins a letter that has others with it, as they came; drafts are left out. */
export async function forwardWhole(mail: Mail, accountId: AccountId, ids: readonly EmailId[]): Promise<void> {
  if (ids.length > most) return mail.undo.fail(t.tooManyToAttach(most));
  await told(mail, async () => {
    const { list } = await mail.server.one(call("Email/get", { accountId, ids: [...ids], properties: attachable }));
    const letters = list.filter((l) => !l.keywords.$draft);
    if (letters.length === 0) return mail.undo.fail(t.nothingToAttach);
    const files = asFiles(letters, t.noSubjectFile);
    const room = roomFor(mostOctets(mail.session().accounts[accountId]), []);
    const size = files.reduce((sum, f) => sum + f.size, 0);
    if (size > room) return mail.undo.fail(t.tooLargeToAttach(letters.length, sizeText(size), sizeText(room)));
    if (!(await mayBeSeen(mail, letters))) return;
    const subject = letters.length === 1 ? answerSubject(letters[0]?.subject ?? null, "forward") : "";
    await begin(mail, accountId, () => ({ subject, files, forwards: letters.flatMap((l) => l.messageId ?? []) }));
  });
}

/** A letter that was sent tells whom it went to in secret: whoever forwards it whole decides that. */
async function mayBeSeen(mail: Mail, letters: readonly Attachable[]): Promise<boolean> {
  const hidden = letters.filter((l) => l.bcc?.length).length;
  return hidden === 0 || mail.questions.ask({ title: t.hiddenTitle, text: t.hiddenText(hidden), yes: t.attachAnyway });
}
