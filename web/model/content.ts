// What a letter says while it is written, and the message that is made of it.

import type { BlobId, Email, EmailAddress, EmailBodyPart, EmailBodyPartCreate, EmailCreate, EmailId, Identity, IdentityId, MailboxId, Picked } from "../jmap/types.js";
import { splitHtml } from "./htmlText.js";
import { splitQuote } from "./quote.js";

/** A file that goes with a letter. */
export interface LetterFile {
  /** Its own, for as long as the page is there. */
  key: string;
  name: string;
  type: string;
  /** In octets. */
  size: number;
  /** null until it is at the service. */
  blobId: BlobId | null;
  /** Of a picture that stands in the text. */
  cid?: string;
}

/** The text, in one of two formats; quote is what it answers, which stands below. */
export interface Text {
  format: "plain" | "rich";
  own: string;
  quote: string;
}

export interface Content {
  identityId: IdentityId | null;
  to: readonly EmailAddress[];
  cc: readonly EmailAddress[];
  bcc: readonly EmailAddress[];
  subject: string;
  text: Text;
  files: readonly LetterFile[];
  inReplyTo: readonly string[] | null;
  references: readonly string[] | null;
  /** The Message-IDs of letters that it forwards. */
  forwards: readonly string[] | null;
  /** It holds patient data. */
  sensitive: boolean;
}

export const emptyContent: Content = {
  identityId: null, to: [], cc: [], bcc: [], subject: "", text: { format: "plain", own: "", quote: "" }, files: [], inReplyTo: null, references: null, forwards: null, sensitive: false,
};

/** What marks a letter as patient data (Rules 10). */
export const patientData = "Company-Confidential";

/** A text with what it answers below. */
export function wholeText({ format, own, quote }: Text): string {
  if (format === "rich") return own.replaceAll("<p></p>", "<p><br></p>") + quote; // an empty paragraph has no height elsewhere
  if (!quote) return own;
  return `${own.trimEnd()}\n\n${quote}`;
}

export function recipientsOf(c: Pick<Content, "to" | "cc" | "bcc">): EmailAddress[] {
  return [...c.to, ...c.cc, ...c.bcc];
}

/** The files that go with a letter, in the order in which its message has them: pictures that stand in the text first. One that was taken out of the text stays here. */
export function filesWithin({ text, files }: Pick<Content, "text" | "files">): LetterFile[] {
  const there = files.filter((f) => f.blobId !== null);
  if (text.format === "plain") return there;
  const whole = wholeText(text);
  return [...there.filter((f) => f.cid && whole.includes(`cid:${f.cid}"`)), ...there.filter((f) => !f.cid)];
}

export interface Making {
  folder: MailboxId;
  identity: Identity | undefined;
  /** Of the letter, from its first draft on, so that its drafts are known to be of one letter. */
  messageId: string;
  /** What a rich text says in plain text; of a plain one nothing. */
  plain: string;
}

/** The message that is made of what was written. */
export function emailOf(c: Content, { folder, identity, messageId, plain }: Making): EmailCreate {
  const rich = c.text.format === "rich";
  const whole = wholeText(c.text);
  const files = filesWithin(c);
  const list = (a: readonly EmailAddress[]) => (a.length ? a.map(({ name, email }) => ({ name, email })) : null);
  return {
    mailboxIds: { [folder]: true },
    keywords: { $draft: true, $seen: true },
    messageId: [messageId],
    from: identity ? [{ name: identity.name || null, email: identity.email }] : null,
    to: list(c.to),
    cc: list(c.cc),
    bcc: list(c.bcc),
    ...(identity?.replyTo && { replyTo: identity.replyTo }),
    subject: c.subject,
    ...(c.inReplyTo && { inReplyTo: [...c.inReplyTo] }),
    ...(c.references && { references: [...c.references] }),
    ...(c.forwards && { "header:X-Forwarded-Message-Id:asMessageIds": [...c.forwards] }),
    ...(c.sensitive && { "header:Sensitivity:asText": patientData }),
    bodyValues: rich ? { text: { value: plain }, html: { value: `<!doctype html><html><body>${whole}</body></html>` } } : { text: { value: whole } },
    textBody: [{ partId: "text", type: "text/plain" }],
    ...(rich && { htmlBody: [{ partId: "html", type: "text/html" }] }),
    attachments: files.map((f) => partOf(f, rich)),
  };
}

function partOf(f: LetterFile, rich: boolean): EmailBodyPartCreate {
  const inline = rich && f.cid; // nothing stands within a plain text
  return { blobId: f.blobId, type: f.type || "application/octet-stream", name: f.name, disposition: inline ? "inline" : "attachment", ...(inline && { cid: inline }) };
}

export const draftProperties = [
  "id", "threadId", "mailboxIds", "keywords", "from", "to", "cc", "bcc", "subject", "messageId", "inReplyTo", "references", "textBody", "htmlBody", "attachments", "bodyValues",
  "header:X-Forwarded-Message-Id:asMessageIds", "header:Sensitivity:asText",
] as const;
export type SavedDraft = Picked<Email, (typeof draftProperties)[number]>;

/** What a draft says, to go on writing it. html makes its HTML harmless. */
export function contentOf(e: SavedDraft, identities: readonly Identity[], html: (source: string) => string): Content {
  const from = e.from?.[0]?.email.toLowerCase();
  const rich = e.htmlBody.some((p) => p.type === "text/html");
  const value = (parts: readonly EmailBodyPart[]) => parts.map((p) => (p.partId && e.bodyValues[p.partId]?.value) || "").join("\n");
  return {
    identityId: (identities.find((i) => i.email.toLowerCase() === from) ?? identities[0])?.id ?? null,
    to: e.to ?? [],
    cc: e.cc ?? [],
    bcc: e.bcc ?? [],
    subject: e.subject ?? "",
    text: rich ? { format: "rich", ...splitHtml(html(value(e.htmlBody))) } : { format: "plain", ...splitQuote(value(e.textBody).replaceAll("\r\n", "\n")) },
    files: filesOf(e.attachments),
    inReplyTo: e.inReplyTo,
    references: e.references,
    forwards: (e["header:X-Forwarded-Message-Id:asMessageIds"] as string[] | null) ?? null,
    sensitive: e["header:Sensitivity:asText"]?.toLowerCase() === patientData.toLowerCase(),
  };
}

/** The files of a message, as they go with another. */
export function filesOf(parts: readonly EmailBodyPart[]): LetterFile[] {
  return parts
    .filter((p) => p.blobId !== null)
    .map((p) => ({
      key: crypto.randomUUID(),
      name: p.name || p.type,
      type: p.type,
      size: p.size,
      blobId: p.blobId,
      ...(p.cid && p.disposition === "inline" && { cid: p.cid }),
    }));
}

/** The ids of the letters that a letter answers or forwards, by which they are found again. */
export function relatedTo(c: Content): { answers: readonly string[]; forwards: readonly string[] } {
  return { answers: c.inReplyTo ?? [], forwards: c.forwards ?? [] };
}

/** Whether nothing was written that anybody would miss. */
export function isEmpty(c: Content, signature: string): boolean {
  return recipientsOf(c).length === 0 && c.subject.trim() === "" && c.files.length === 0 && c.text.quote === "" && (c.text.format === "rich" ? c.text.own.replace(/<(?!img)[^>]*>/g, "") : c.text.own).trim() === signature.trim();
}

export type { EmailId };
