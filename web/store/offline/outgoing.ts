// Letters that were written without the service: drafts, and those that are to be sent once it is back.

import { call, created, MethodError, SetFailed, type AccountId, type EmailCreate, type EmailId, type EmailSubmissionCreate } from "../../jmap/client.js";
import { withRole } from "../../model/folders.js";
import type { Server } from "../server.js";
import type { Opened, Vault } from "./vault.js";

/** A letter as it waits. */
export interface Letter {
  accountId: AccountId;
  /** In the order in which they were written. */
  at: number;
  email: EmailCreate;
  /** How it is to be sent; undefined: it is a draft. */
  submission?: EmailSubmissionCreate;
}

const prefix = "letter/";

/** Whether a piece is a letter that waits. */
export function isLetter(name: string): boolean {
  return name.startsWith(prefix);
}

export function letterName(id: string): string {
  return prefix + id;
}

/** How many wait. Nothing needs to be opened for it. */
export async function waiting(vault: Vault): Promise<number> {
  return (await vault.names()).filter(isLetter).length;
}

/** What became of what waited. */
export interface Brought {
  sent: number;
  drafts: number;
  /** Stayed in Drafts, with what the service said. */
  stayed: { subject: string; why: string }[];
}

/** Brings what waits to the service, in the order in which it was written. What can't be brought now stays; it throws then. */
export async function bring(server: Server, opened: Opened): Promise<Brought> {
  const names = (await opened.vault.names()).filter(isLetter);
  const letters = (await Promise.all(names.map(async (name) => ({ name, letter: (await opened.read(name)) as Letter })))).sort((a, b) => a.letter.at - b.letter.at);
  const all: Brought = { sent: 0, drafts: 0, stayed: [] };
  for (const { name, letter } of letters) {
    await bringOne(server, letter, all);
    await opened.vault.drop(name);
  }
  return all;
}

async function bringOne(server: Server, { accountId, email, submission }: Letter, all: Brought): Promise<void> {
  const before = await there(server, accountId, email);
  if (before === "sent") return void all.sent++; // it went the last time, and the page before it knew
  if (before) await server.one(call("Email/set", { accountId, destroy: [before] }), { act: true });
  const { list: folders } = await server.one(call("Mailbox/get", { accountId, ids: null }));
  const [drafts, sent] = [withRole(folders, "drafts"), withRole(folders, "sent")];
  const make = call("Email/set", { accountId, create: { draft: drafts ? { ...email, mailboxIds: { [drafts.id]: true } } : email } });
  const id = created(await server.one(make, { act: true }), "draft").id as EmailId;
  if (!submission) return void all.drafts++;
  const toSent = { "keywords/$draft": null, ...(sent && drafts && { [`mailboxIds/${drafts.id}`]: null, [`mailboxIds/${sent.id}`]: true }) };
  const submit = call("EmailSubmission/set", { accountId, create: { send: { ...submission, emailId: id } }, onSuccessUpdateEmail: { "#send": toSent } });
  try {
    created(await server.one(submit, { act: true }), "send");
    all.sent++;
  } catch (error) {
    if (!(error instanceof SetFailed) && !(error instanceof MethodError)) throw error;
    all.stayed.push({ subject: email.subject ?? "", why: error.says.description ?? error.type });
  }
}

/** The draft of a letter that is at the service already, or "sent". */
async function there(server: Server, accountId: AccountId, { messageId }: EmailCreate): Promise<EmailId | "sent" | undefined> {
  const found = call("Email/query", { accountId, filter: { header: ["Message-ID", messageId?.[0] ?? ""] }, limit: 5 });
  const [, { list }] = await server.request([found, call("Email/get", { accountId, "#ids": found.ref("/ids"), properties: ["keywords"] })]);
  if (list.some((e) => !e.keywords.$draft)) return "sent";
  return list[0]?.id;
}
