// Templates of a mailbox: letters in a folder of it.

import { call, created, type AccountId, type EmailCreate, type EmailId, type Identity, type Mailbox } from "../jmap/client.js";
import { contentOf, draftProperties, emailOf, wholeText, type Content } from "../model/content.js";
import { textOfHtml } from "../model/htmlText.js";
import { templatesFolder, templatesIn } from "../model/templates.js";
import { destroyAll } from "./edits.js";
import { addFolder } from "./folders.js";
import type { Server } from "./server.js";

export interface Template {
  id: EmailId;
  name: string;
  preview: string;
}

const most = 300;

/** The templates of a mailbox by name. */
export async function templatesOf(server: Server, accountId: AccountId, folders: readonly Mailbox[]): Promise<Template[]> {
  const folder = templatesIn(folders);
  if (!folder) return [];
  const query = call("Email/query", { accountId, filter: { inMailbox: folder.id }, sort: [{ property: "subject" }], limit: most });
  const [, { list }] = await server.request([query, call("Email/get", { accountId, "#ids": query.ref("/ids"), properties: ["id", "subject", "preview"] })]);
  return list.map((e) => ({ id: e.id, name: e.subject ?? "", preview: e.preview })).sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
}

/** What a template says; undefined where it is gone. html makes its HTML harmless. */
export async function readTemplate(server: Server, accountId: AccountId, id: EmailId, identities: readonly Identity[], html: (source: string) => string): Promise<Content | undefined> {
  const { list } = await server.one(call("Email/get", { accountId, ids: [id], properties: draftProperties, fetchTextBodyValues: true, fetchHTMLBodyValues: true }));
  return list[0] && contentOf(list[0], identities, html);
}

/** Keeps a template, in place of another one where that is given. The folder is made when there is none. Throws SetFailed. */
export async function keepTemplate(server: Server, accountId: AccountId, folders: readonly Mailbox[], content: Content, identity: Identity | undefined, instead?: EmailId): Promise<EmailId> {
  const folder = templatesIn(folders)?.id ?? (await addFolder(server, accountId, templatesFolder, null));
  const plain = content.text.format === "rich" ? textOfHtml(wholeText(content.text)) : "";
  const email = { ...emailOf(content, { folder, identity, messageId: `${crypto.randomUUID()}@${location.hostname}`, plain }), keywords: { $seen: true } } as EmailCreate;
  const { id } = created(await server.one(call("Email/set", { accountId, create: { t: email } }), { act: true }), "t");
  if (instead) await destroyAll(server, accountId, [instead]); // once the other one is there
  return id as EmailId;
}
