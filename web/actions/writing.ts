// Letters are begun, answered, forwarded, sent and thrown away.

import { RequestError, SetFailed, type AccountId, type EmailId, type Identity, type ThreadId } from "../jmap/client.js";
import { locale, t } from "../locales/text.js";
import { emptyContent, filesOf, type Content } from "../model/content.js";
import { fullDate } from "../model/dates.js";
import { escaped, htmlOfText, quotedHtml, textOfHtml } from "../model/htmlText.js";
import type { Asked } from "../model/links.js";
import { nameOf, written } from "../model/people.js";
import { quoted, signed } from "../model/quote.js";
import { answerReferences, answerSubject, answerTo, type Answer } from "../model/reply.js";
import { withSignature } from "../model/signature.js";
import type { Draft } from "../store/draft.js";
import type { Conversation, Letter } from "../store/letters.js";
import type { Mail } from "../store/mail.js";
import { momentText } from "./names.js";
import { send, takeBack, type When } from "../store/sending.js";

/** Whether the person may write from a mailbox: the service says so. */
export function mayWrite(mail: Mail, accountId: AccountId): boolean {
  return mail.session().accounts[accountId]?.accountCapabilities["urn:ietf:params:jmap:submission"] !== undefined;
}

/** The mailbox that one writes from: the one that one is in, else the own one. */
export function writesFrom(mail: Mail, accountId: AccountId | undefined): AccountId | undefined {
  if (accountId !== undefined && mayWrite(mail, accountId)) return accountId;
  const own = mail.session().primaryAccounts["urn:ietf:params:jmap:submission"];
  return own !== undefined && mayWrite(mail, own) ? own : undefined;
}

/** The last letter of a conversation that is no draft, where the page has it. */
export function lastLetter(mail: Mail, accountId: AccountId, thread: ThreadId): Letter | undefined {
  return mail.cache.getQueryData<Conversation | null>(mail.conversation(accountId, thread).queryKey)?.letters.findLast((l) => !l.keywords.$draft);
}

/** Begins an empty letter. */
export async function writeNew(mail: Mail, accountId: AccountId): Promise<void> {
  await begin(mail, accountId, () => ({}));
}

/** Begins an answer to a letter, or a letter that forwards it. */
export async function answer(mail: Mail, accountId: AccountId, letter: Letter, kind: Answer, html: (source: string) => string): Promise<Draft | undefined> {
  return begin(mail, accountId, (own) => {
    const subject = answerSubject(letter.subject, kind);
    const rich = letter.htmlBody.some((p) => p.type === "text/html");
    const files = filesOf(letter.attachments);
    if (kind === "forward") {
      const quote = rich ? quotedHtml(htmlOfText(forwardedHead(letter)) + htmlOf(letter, html)) : `${forwardedHead(letter)}\n\n${textOf(letter).trimEnd()}`;
      return { rich, subject, quote, files, forwards: letter.messageId };
    }
    const quote = rich ? quotedHtml(`<p>${escaped(attribution(letter))}</p><blockquote type="cite">${htmlOf(letter, html)}</blockquote>`) : `${attribution(letter)}\n${quoted(textOf(letter))}`;
    return { rich, subject, quote, files: files.filter((f) => f.cid && rich), ...answerTo(letter, kind === "reply-all", own), ...answerReferences(letter) };
  }, kind === "forward" ? undefined : letter.threadId);
}

/** Begins an answer to who wrote a letter, with a file. */
export async function answerWith(mail: Mail, accountId: AccountId, letter: Letter, file: File, html: (source: string) => string): Promise<void> {
  const draft = await answer(mail, accountId, letter, "reply", html);
  draft?.attach([file]);
}

/** Begins a letter as an address in another one asks for. */
export async function writeTo(mail: Mail, accountId: AccountId, asked: Asked): Promise<void> {
  const people = (list: readonly string[]) => list.map((email) => ({ name: null, email }));
  await begin(mail, accountId, () => ({ to: people(asked.to), cc: people(asked.cc), subject: asked.subject, before: asked.body }));
}

/** Goes on with a draft. */
export async function goOnWriting(mail: Mail, accountId: AccountId, draft: { id: EmailId; threadId: ThreadId }, html: (source: string) => string): Promise<void> {
  await told(mail, async () => {
    const found = await mail.drafts.continue(accountId, draft, html);
    if (found === "gone") mail.undo.fail(t.draftNotThere);
    else if (found === "busy") mail.undo.fail(t.finishFirst);
  });
}

export interface Begun extends Partial<Content> {
  rich?: boolean;
  /** Stands above the signature. */
  before?: string;
  quote?: string;
}

export async function begin(mail: Mail, accountId: AccountId, content: (own: string[], signed: string) => Begun, threadId?: ThreadId): Promise<Draft | undefined> {
  let begun: Draft | undefined;
  await told(mail, async () => {
    const identities = await mail.cache.fetchQuery(mail.identities(accountId));
    const identity = identities[0];
    const signature = identity?.textSignature ?? "";
    const { quote = "", rich = false, before = "", ...rest } = content(identities.map((i) => i.email), signed(signature));
    const own = rich ? htmlOfText(signed(signature)) : signed(signature);
    begun = await mail.drafts.begin(
      accountId,
      { ...emptyContent, identityId: identity?.id ?? null, bcc: identity?.bcc ?? [], text: { format: rich ? "rich" : "plain", own: before + own, quote }, ...rest },
      { signature, threadId },
    );
    if (!begun) mail.undo.fail(t.finishFirst);
  });
  return begun;
}

/** What a letter says, in plain text. */
function textOf(letter: Letter): string {
  return letter.textBody
    .map((p) => {
      const value = (p.partId && letter.bodyValues[p.partId]?.value) || "";
      return p.type === "text/html" ? textOfHtml(value) : value.replaceAll("\r\n", "\n");
    })
    .join("\n");
}

/** What a letter says, as harmless HTML. */
function htmlOf(letter: Letter, html: (source: string) => string): string {
  return letter.htmlBody
    .map((p) => {
      const value = (p.partId && letter.bodyValues[p.partId]?.value) || "";
      return p.type === "text/html" ? html(value) : htmlOfText(value);
    })
    .join("");
}

function attribution(letter: Letter): string {
  const who = letter.from?.[0];
  return t.wrote(fullDate(letter.sentAt ?? letter.receivedAt, locale), who ? nameOf(who) : t.me);
}

function forwardedHead(letter: Letter): string {
  const lines = [
    t.forwarded,
    `${t.from}: ${(letter.from ?? []).map(written).join(", ")}`,
    `${t.date}: ${fullDate(letter.sentAt ?? letter.receivedAt, locale)}`,
    `${t.subject}: ${letter.subject ?? ""}`,
    `${t.to}: ${(letter.to ?? []).map(written).join(", ")}`,
    ...(letter.cc?.length ? [`${t.cc}: ${letter.cc.map(written).join(", ")}`] : []),
  ];
  return lines.join("\n");
}

/** Sends a letter; what it says is shown with a way back. Where the service refuses, the letter stays open, and the reason is given. */
export async function sendLetter(mail: Mail, draft: Draft, when: When = undefined): Promise<SetFailed | string | undefined> {
  try {
    const sent = await send(mail.server, draft, when);
    mail.drafts.leave(draft);
    if (sent === "already") {
      mail.undo.add(t.alreadySent);
      return undefined;
    }
    const note = mail.undo.add(when ? t.willGo(momentText(when)) : mail.visit ? t.goesOnReturn : t.willBeSent, async () => {
      try {
        await takeBack(mail.server, sent);
        mail.waiting.forget(sent.submission);
        if (when) draft.say({ planned: when });
        if (!(await mail.drafts.resume(draft))) mail.undo.add(t.takenBack); // another one is open, and the letter waits in Drafts
      } catch (error) {
        mail.undo.fail(whyOf(error));
      }
    });
    mail.waiting.follow({ accountId: sent.accountId, submission: sent.submission, emailId: sent.emailId, subject: draft.snapshot().content.subject, note });
    return undefined;
  } catch (error) {
    if (error instanceof SetFailed) return error;
    return error instanceof TypeError || (error instanceof RequestError && error.status >= 500) ? t.notSentAway : t.notSent(whyOf(error));
  }
}

/** Has a letter go as somebody else, perhaps from another mailbox; its signature follows. */
export async function writeAs(mail: Mail, draft: Draft, accountId: AccountId, identity: Identity): Promise<void> {
  const { content } = draft.snapshot();
  if (accountId === draft.accountId && identity.id === content.identityId) return;
  if (accountId !== draft.accountId && draft.waitsForFiles) return mail.undo.fail(t.filesOnTheWay);
  try {
    const before = await mail.cache.fetchQuery(mail.identities(draft.accountId));
    const was = before.find((i) => i.id === content.identityId) ?? before[0];
    const as = ({ text }: Content) => ({ identityId: identity.id, text: withSignature(text, was?.textSignature ?? "", identity.textSignature) });
    if (accountId === draft.accountId) draft.place(as(draft.snapshot().content));
    else await mail.drafts.transfer(draft, accountId, as);
  } catch (error) {
    mail.undo.fail(t.notThatMailbox(whyOf(error)));
  }
}

/** Makes a plain text rich, or a rich one plain, with a way back. */
export function changeFormat(mail: Mail, draft: Draft): void {
  const { text } = draft.snapshot().content;
  if (text.format === "plain") {
    draft.change({ text: { format: "rich", own: htmlOfText(text.own), quote: text.quote && quotedHtml(htmlOfText(text.quote)) } });
    return;
  }
  draft.change({ text: { format: "plain", own: textOfHtml(text.own), quote: text.quote && textOfHtml(text.quote) } });
  if (/<(?!\/?p\b|br)/.test(text.own)) mail.undo.add(t.madePlain, () => draft.change({ text }));
}

/** Throws a letter away, with a way back. */
export async function discard(mail: Mail, draft: Draft): Promise<void> {
  if (draft.isEmpty && !draft.emailId) return mail.drafts.leave(draft);
  await told(mail, async () => {
    await mail.drafts.discard(draft);
    mail.undo.add(t.draftDiscarded, () => told(mail, () => mail.drafts.restore(draft)));
  });
}

/** Saves what is written and closes it. */
export async function closeDraft(mail: Mail): Promise<void> {
  const planned = mail.drafts.snapshot().draft?.snapshot().planned;
  if (!(await mail.drafts.close())) mail.undo.fail(t.finishFirst);
  else if (planned) mail.undo.add(t.notPlanned);
}

export function whyOf(error: unknown): string {
  if (error instanceof SetFailed) return error.says.description ?? error.type;
  return error instanceof Error ? error.message : String(error);
}

export async function told(mail: Mail, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    mail.undo.fail(t.wentWrong(whyOf(error)));
  }
}
