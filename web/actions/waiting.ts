// Letters that wait to be sent are changed, sent at once, or put off; and what became of those that were refused as they went is told.

import { MethodError, SetFailed, type AccountId, type ThreadId } from "../jmap/client.js";
import { t } from "../locales/text.js";
import type { Letter } from "../store/letters.js";
import type { Mail } from "../store/mail.js";
import { CalledBack, type Refused, type Waits } from "../store/waiting.js";
import { momentText } from "./names.js";
import { goOnWriting, told, whyOf } from "./writing.js";

type Waiting = Pick<Letter, "id" | "subject"> & { threadId: ThreadId };

/** Calls a letter back and opens it; its time is kept, and it goes then if its writer says so. */
export async function changeWaiting(mail: Mail, accountId: AccountId, w: Waits, letter: Waiting, html: (source: string) => string): Promise<void> {
  await told(mail, async () => {
    if (!(await mail.drafts.close())) return mail.undo.fail(t.finishFirst);
    await mail.waiting.callBack(accountId, w.id);
    await goOnWriting(mail, accountId, letter, html);
    const { draft } = mail.drafts.snapshot();
    if (draft?.accountId === accountId && draft.emailId === letter.id) draft.say({ planned: new Date(w.sendAt) });
  });
}

/** Has a letter that waits go at another time, undefined: in a moment; with a way back to the time before. Where it is a draft then, that is told until somebody has read it. */
export async function putOff(mail: Mail, accountId: AccountId, w: Waits, letter: Waiting, when: Date | undefined, html: (source: string) => string): Promise<void> {
  const follow = (s: Waits, note?: number) => mail.waiting.follow({ accountId, submission: s.id, emailId: s.emailId, subject: letter.subject ?? "", ...(note !== undefined && { note }) });
  const orDraft = (act: () => Promise<void>) =>
    told(mail, async () => {
      try {
        await act();
      } catch (error) {
        if (!(error instanceof CalledBack)) throw error;
        const says = error.cause instanceof SetFailed || error.cause instanceof MethodError ? t.isDraftNow : t.isDraftPerhaps;
        const open = { name: t.openDraft, run: () => goOnWriting(mail, accountId, letter, html) };
        mail.undo.fail(says(letter.subject?.trim() || t.noSubject, whyOf(error.cause)), open, Number.POSITIVE_INFINITY);
        void mail.refresh(accountId);
      }
    });
  await orDraft(async () => {
    const now = await mail.waiting.change(accountId, w, when);
    const note = mail.undo.add(when ? t.willGo(momentText(when)) : t.willBeSent, () =>
      orDraft(async () => {
        const before = new Date(w.sendAt);
        if (before.getTime() > Date.now()) follow(await mail.waiting.change(accountId, now, before));
        else await mail.waiting.callBack(accountId, now.id);
      }),
    );
    follow(now, note);
  });
}

/** Tells that a letter was refused as it went. It stays on the page until somebody has read it. */
export function tellRefused(mail: Mail, r: Refused, html: (source: string) => string): void {
  const subject = r.subject.trim() || t.noSubject;
  if (r.became.to === "nobody") {
    const open = { name: t.openDraft, run: () => goOnWriting(mail, r.accountId, { id: r.emailId, threadId: r.threadId }, html) };
    mail.undo.fail(t.refusedAsItWent(subject, r.became.why), open, Number.POSITIVE_INFINITY);
  } else {
    mail.undo.fail(t.notToAll(subject, r.became.who, r.became.why), undefined, Number.POSITIVE_INFINITY);
  }
}

const named = 3; // letters, by their subject
const soon = 120_000; // milliseconds

/** Asks where letters that were sent from this page still wait, before somebody locks or logs out. True: goes on. */
export async function sureToLeave(mail: Mail, yes: string): Promise<boolean> {
  const still = await mail.waiting.still();
  const [first] = still;
  if (!first) return true;
  const lines = still.slice(0, named).map(({ own, sendAt }) => t.waitsUntil(own.subject.trim() || t.noSubject, sendAt && sendAt.getTime() > Date.now() + soon ? momentText(sendAt) : undefined));
  return mail.questions.ask({ title: t.stillWaits(still.length), text: [...lines, ...(still.length > named ? [t.andOthers(still.length - named)] : []), t.goesByItself].join(" "), yes });
}
