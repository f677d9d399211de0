// Letters that are written again and again: kept in a folder of the mailbox, so that all who share it have them.

import type { Mailbox } from "../jmap/types.js";
import { emptyContent, wholeText, type Content, type Text } from "./content.js";
import { htmlOfText } from "./htmlText.js";
import { unsigned } from "./signature.js";

/** The folder's name, by which it is known: there is no role for it. */
export const templatesFolder = "Templates";

export function templatesIn(folders: readonly Mailbox[]): Mailbox | undefined {
  return folders.find((f) => f.parentId === null && f.role === null && f.name.toLowerCase() === templatesFolder.toLowerCase());
}

/** What of a letter is worth keeping: what it is about, its text without signature and quotation, and its files. */
export function asTemplate(c: Content, signature: string): Content {
  return { ...emptyContent, identityId: c.identityId, subject: c.subject.trim(), text: { format: c.text.format, own: unsigned(c.text, signature), quote: "" }, files: c.files.filter((f) => !f.cid || c.text.own.includes(`cid:${f.cid}"`)) };
}

/** A letter with a template put before what is written. Whom it goes to stays, and so does a subject that it has. */
export function withTemplate(c: Content, template: Content): Pick<Content, "subject" | "text" | "files"> {
  const rich = c.text.format === "rich" || template.text.format === "rich";
  const of = (text: Text) => (rich && text.format === "plain" ? htmlOfText(wholeText(text)) : wholeText(text));
  const before = c.text.format === "rich" || !rich ? c.text.own : htmlOfText(c.text.own);
  const quote = rich && c.text.format === "plain" && c.text.quote ? `<section>${htmlOfText(c.text.quote)}</section>` : c.text.quote;
  const gap = rich || before === "" || before.startsWith("\n") ? "" : "\n\n";
  return { subject: c.subject.trim() || template.subject, text: { format: rich ? "rich" : "plain", own: of(template.text).trimEnd() + gap + before, quote }, files: [...c.files, ...template.files] };
}

/** What takes a template out of a letter again: its files alone, and its words where nobody wrote on since; isWhole says whether they go. */
export function withoutTemplate(now: Content, before: Content, put: Pick<Content, "subject" | "text">, template: Content): { change: Partial<Content>; isWhole: boolean } {
  const own = new Set(template.files.map((f) => f.key));
  const isWhole = now.text.format === put.text.format && now.text.own === put.text.own && now.text.quote === put.text.quote;
  const files = now.files.filter((f) => !own.has(f.key) || (!isWhole && f.cid !== undefined)); // a picture goes with its words
  return { isWhole, change: { files, ...(isWhole && { text: before.text }), ...(isWhole && now.subject === put.subject && { subject: before.subject }) } };
}
