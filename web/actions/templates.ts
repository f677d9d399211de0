// Letters begin with a template of the mailbox, and become one.

import type { AccountId, EmailId } from "../jmap/client.js";
import { t } from "../locales/text.js";
import { emptyContent } from "../model/content.js";
import { asTemplate, withTemplate, withoutTemplate } from "../model/templates.js";
import type { Draft } from "../store/draft.js";
import type { Mail } from "../store/mail.js";
import { keepTemplate, readTemplate, templatesOf, type Template } from "../store/templates.js";
import { begin, told } from "./writing.js";

async function around(mail: Mail, accountId: AccountId) {
  const [folders, identities] = await Promise.all([mail.cache.fetchQuery(mail.folders(accountId)), mail.cache.fetchQuery(mail.identities(accountId))]);
  return { folders, identities };
}

/** The templates of a mailbox. */
export async function templates(mail: Mail, accountId: AccountId): Promise<Template[]> {
  return templatesOf(mail.server, accountId, (await around(mail, accountId)).folders);
}

/** Puts a template into a letter that is written, with a way back. */
export async function insertTemplate(mail: Mail, draft: Draft, id: EmailId, html: (source: string) => string): Promise<void> {
  await told(mail, async () => {
    const { identities } = await around(mail, draft.accountId);
    const template = await readTemplate(mail.server, draft.accountId, id, identities, html);
    if (!template) return mail.undo.fail(t.templateGone);
    const before = draft.snapshot().content;
    const put = withTemplate(before, template);
    draft.place(put);
    mail.undo.add(t.templateInserted(template.subject), () => {
      const { change, isWhole } = withoutTemplate(draft.snapshot().content, before, put, template);
      draft.place(change);
      if (!isWhole) mail.undo.fail(t.templateStays);
    });
  });
}

/** Begins a letter with a template. */
export async function writeWith(mail: Mail, accountId: AccountId, id: EmailId, html: (source: string) => string): Promise<void> {
  await told(mail, async () => {
    const { identities } = await around(mail, accountId);
    const template = await readTemplate(mail.server, accountId, id, identities, html);
    if (!template) return mail.undo.fail(t.templateGone);
    await begin(mail, accountId, (_, signed) => withTemplate({ ...emptyContent, text: { format: "plain", own: signed, quote: "" } }, template));
  });
}

/** Keeps what is written as a template for everybody of the mailbox; it is called by its subject, and takes the place of one of that name where somebody says so. */
export async function saveTemplate(mail: Mail, draft: Draft): Promise<void> {
  await told(mail, async () => {
    const { accountId } = draft;
    if (draft.waitsForFiles) return mail.undo.fail(t.filesOnTheWay);
    const { folders, identities } = await around(mail, accountId);
    const { content } = draft.snapshot();
    const identity = identities.find((i) => i.id === content.identityId) ?? identities[0];
    const template = asTemplate(content, identity?.textSignature ?? "");
    if (!template.subject) return mail.undo.fail(t.templateNoName);
    const same = (await templatesOf(mail.server, accountId, folders)).find((x) => x.name.toLowerCase() === template.subject.toLowerCase());
    if (same && !(await mail.questions.ask({ title: t.templateReplaceTitle(same.name), text: t.templateReplaceText, yes: t.templateReplace }))) return;
    await keepTemplate(mail.server, accountId, folders, template, identity, same?.id);
    void mail.refresh(accountId);
    mail.undo.add(t.templateSaved(template.subject));
  });
}
