// Letters that were written without the service: drafts, and those that are to be sent once it is back.

import { call, created, MethodError, SetFailed, type AccountId, type EmailCreate, type EmailId, type EmailSubmissionCreate } from "../../jmap/client.js";
import { withRole } from "../../model/folders.js";
import type { Server } from "../server.js";
import { Vault, type Opened } from "./vault.js";

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

/** How many wait in this browser, whoever is at it. */
export async function waitingHere(): Promise<number> {
  const vault = await Vault.find();
  return vault instanceof Vault ? waiting(vault) : 0;
}

interface Refusal {
  subject: string;
  why: string;
}

/** What became of what waited. */
export interface Brought {
  sent: number;
  drafts: number;
  /** In Drafts, though they were to be sent, with what the service said. */
  stayed: readonly Refusal[];
  /** Not at the service at all: they wait on. */
  kept: readonly Refusal[];
}

export const nothing: Brought = { sent: 0, drafts: 0, stayed: [], kept: [] };

export function together(a: Brought, b: Brought): Brought {
  return { sent: a.sent + b.sent, drafts: a.drafts + b.drafts, stayed: [...a.stayed, ...b.stayed], kept: [...a.kept, ...b.kept] };
}

/** Brings what waits to the service, in the order in which it was written. A letter that it refuses waits on, and keeps no other from it. Of tabs one brings at a time. Throws where the service goes again. */
export function bring(server: Server, opened: Opened): Promise<Brought> {
  const locks = globalThis.navigator?.locks as LockManager | undefined;
  return locks ? locks.request("haven-bring", () => bringAll(server, opened)) : bringAll(server, opened);
}

async function bringAll(server: Server, opened: Opened): Promise<Brought> {
  const names = (await opened.vault.names()).filter(isLetter);
  const letters = (await Promise.all(names.map(async (name) => ({ name, letter: (await opened.read(name)) as Letter })))).sort((a, b) => a.letter.at - b.letter.at);
  let all = nothing;
  for (const { name, letter } of letters) {
    try {
      all = together(all, await bringOne(server, letter));
    } catch (error) {
      all = together(all, { ...nothing, kept: [refusal(letter, error)] });
      continue;
    }
    await opened.vault.drop(name);
  }
  return all;
}

/** What the service said against a letter. What is no refusal of it is thrown on. */
function refusal({ email }: Letter, error: unknown): Refusal {
  if (!(error instanceof SetFailed) && !(error instanceof MethodError)) throw error;
  return { subject: email.subject ?? "", why: error.says.description ?? error.type };
}

async function bringOne(server: Server, letter: Letter): Promise<Brought> {
  const { accountId, submission } = letter;
  const before = await there(server, letter);
  if (before.sent && submission) return { ...nothing, sent: 1 }; // it went the last time, and the page before it knew
  const email = before.sent ? { ...letter.email, messageId: [`${crypto.randomUUID()}@${location.hostname}`] } : letter.email; // written on since: another letter
  const { list: folders } = await server.one(call("Mailbox/get", { accountId, ids: null }));
  const [drafts, sent] = [withRole(folders, "drafts"), withRole(folders, "sent")];
  const make = call("Email/set", { accountId, create: { draft: drafts ? { ...email, mailboxIds: { [drafts.id]: true } } : email } });
  const id = created(await server.one(make, { act: true }), "draft").id as EmailId;
  if (before.drafts.length > 0) await server.one(call("Email/set", { accountId, destroy: before.drafts }), { act: true });
  if (!submission) return { ...nothing, drafts: 1 };
  const toSent = { "keywords/$draft": null, ...(sent && drafts && { [`mailboxIds/${drafts.id}`]: null, [`mailboxIds/${sent.id}`]: true }) };
  const submit = call("EmailSubmission/set", { accountId, create: { send: { ...submission, emailId: id } }, onSuccessUpdateEmail: { "#send": toSent } });
  try {
    created(await server.one(submit, { act: true }), "send");
    return { ...nothing, sent: 1 };
  } catch (error) {
    return { ...nothing, stayed: [refusal(letter, error)] };
  }
}

/** What the service has of a letter already: drafts of it, and whether it went. */
async function there(server: Server, { accountId, email }: Letter): Promise<{ drafts: EmailId[]; sent: boolean }> {
  const messageId = email.messageId?.[0];
  if (!messageId) return { drafts: [], sent: false };
  const found = call("Email/query", { accountId, filter: { header: ["Message-ID", messageId] }, limit: 5 });
  const [, { list }] = await server.request([found, call("Email/get", { accountId, "#ids": found.ref("/ids"), properties: ["id", "keywords"] })]);
  const [drafts, others] = [list.filter((e) => e.keywords.$draft), list.filter((e) => !e.keywords.$draft)];
  return { drafts: drafts.map((e) => e.id), sent: others.length > 0 };
}
