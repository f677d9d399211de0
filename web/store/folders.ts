// Folders of an account, and all that stands in one.

import { call, created, destroyed, updated, type AccountId, type EmailId, type EmailPatch, type MailboxId, type MailboxPatch } from "../jmap/client.js";
import { inThread, type InThread } from "../model/row.js";
import { destroyAll, tell } from "./edits.js";
import type { Server } from "./server.js";

/** Makes a folder, and gives its id. Throws SetFailed. */
export async function addFolder(server: Server, accountId: AccountId, name: string, parentId: MailboxId | null): Promise<MailboxId> {
  const answer = await server.one(call("Mailbox/set", { accountId, create: { f: { name, parentId, isSubscribed: true } } }), { act: true });
  return created(answer, "f").id;
}

/** Renames a folder, or puts it elsewhere. Throws SetFailed. */
export async function changeFolder(server: Server, accountId: AccountId, id: MailboxId, patch: MailboxPatch): Promise<void> {
  updated(await server.one(call("Mailbox/set", { accountId, update: { [id]: patch } }), { act: true }), id);
}

/** Deletes a folder that holds nothing. Throws SetFailed: mailboxHasChild, mailboxHasEmail. */
export async function removeFolder(server: Server, accountId: AccountId, id: MailboxId): Promise<void> {
  destroyed(await server.one(call("Mailbox/set", { accountId, destroy: [id] }), { act: true }), id);
}

/** Every letter that stands in a folder. */
export async function lettersIn(server: Server, accountId: AccountId, folder: MailboxId): Promise<InThread[]> {
  const limit = server.session.capabilities["urn:ietf:params:jmap:core"].maxObjectsInGet;
  const all: InThread[] = [];
  for (;;) {
    const query = call("Email/query", { accountId, filter: { inMailbox: folder }, sort: [{ property: "receivedAt" }], position: all.length, limit });
    const emails = call("Email/get", { accountId, "#ids": query.ref("/ids"), properties: inThread });
    const [found, { list }] = await server.request([query, emails]);
    all.push(...(list as InThread[]));
    if (found.ids.length < limit) return all;
  }
}

/** Deletes the letters of a folder for good; those that stand in another one too only leave it. */
export async function emptyFolder(server: Server, accountId: AccountId, folder: MailboxId, letters: readonly InThread[]): Promise<void> {
  const elsewhere = (m: InThread) => Object.keys(m.mailboxIds).length > 1;
  await destroyAll(server, accountId, letters.filter((m) => !elsewhere(m)).map((m) => m.id));
  await tell(server, accountId, new Map(letters.filter(elsewhere).map((m): [EmailId, EmailPatch] => [m.id, { [`mailboxIds/${folder}`]: null }])));
}
