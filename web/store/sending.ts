// A letter is sent: handed to the service, which holds it back for a moment in which it can be taken back.

import { call, created, updated, type AccountId, type EmailCreate, type EmailId, type EmailPatch, type EmailSubmission, type EmailSubmissionId, type Identity, type Mailbox, type Picked } from "../jmap/client.js";
import { recipientsOf, relatedTo, type Content } from "../model/content.js";
import { withRole } from "../model/folders.js";
import { unique } from "../model/people.js";
import type { Draft } from "./draft.js";
import type { Server } from "./server.js";
import { undoFor } from "./undo.js";

/** Seconds for which the service holds a letter back: as long as the way back is shown, and a little for the ways there. */
const holdFor = Math.ceil(undoFor / 1000) + 4;

/** A letter that was handed over. */
export interface Sent {
  accountId: AccountId;
  submission: EmailSubmissionId;
  emailId: EmailId;
  /** The letters that it answers or forwards were marked, and are unmarked where it is taken back. */
  marked: readonly [EmailId, keyword: string][];
  /** The mailbox that they stand in. */
  origin: AccountId;
}

/** When a letter goes: undefined in a moment, else then. */
export type When = Date | undefined;

/** Sends what is written. Throws SetFailed where the service refuses; the letter is a draft then as it was. */
export async function send(server: Server, draft: Draft, when: When): Promise<Sent | "already"> {
  await draft.settled();
  draft.say({ sending: true });
  try {
    if (draft.isUnsure && (await wasSent(server, draft))) return "already";
    return await hand(server, draft, when);
  } catch (error) {
    draft.say({ sending: false });
    throw error;
  }
}

async function hand(server: Server, draft: Draft, when: When): Promise<Sent> {
  const { accountId } = draft;
  const { email, identity, folders, version } = await draft.making();
  if (!identity) throw new Error("There is no address to write from.");
  const { content } = draft.snapshot();
  const make = call("Email/set", { accountId, create: { draft: email as EmailCreate } });
  const submit = call("EmailSubmission/set", {
    accountId,
    create: { send: { emailId: "#draft", identityId: identity.id, envelope: envelopeOf(content, identity, when) } },
    onSuccessUpdateEmail: { "#send": toSent(folders) },
  });
  draft.isUnsure = true; // until it is known what became of it
  const [made, submitted] = await server.request([make, submit], { act: true });
  draft.isUnsure = false;
  const { id } = created(made, "draft");
  await draft.made(id as EmailId, version);
  await sweep(server, draft).catch(() => {}); // what was sent is sent, though an older text of it stays in Drafts
  const submission = created(submitted, "send").id as EmailSubmissionId;
  return { accountId, submission, emailId: id as EmailId, origin: draft.origin, marked: await mark(server, draft.origin, content) };
}

function envelopeOf(content: Content, identity: Identity, when: When) {
  return { mailFrom: { email: identity.email, parameters: held(when) }, rcptTo: unique(recipientsOf(content)).map(({ email }) => ({ email })) };
}

/** For how long the service holds a letter back (RFC 4865). */
function held(when: When): Record<string, string> {
  return when ? { HOLDUNTIL: when.toISOString().replace(/\.\d+Z$/, "Z") } : { HOLDFOR: String(holdFor) };
}

/** Sends a letter that stands in Drafts as it is, as one that waited was to be sent. Throws SetFailed. */
export async function submit(server: Server, accountId: AccountId, was: Picked<EmailSubmission, "emailId" | "identityId" | "envelope">, when: When): Promise<Pick<EmailSubmission, "id" | "sendAt">> {
  const { mailFrom, rcptTo } = was.envelope;
  const [folders, identities] = await server.request([call("Mailbox/get", { accountId, ids: null }), call("Identity/get", { accountId, ids: null })]);
  // A colleague's letter goes in the mailbox's name as well, and as whoever sends it now.
  const identity = identities.list.find((i) => i.id === was.identityId) ?? identities.list.find((i) => i.email.toLowerCase() === mailFrom.email.toLowerCase()) ?? identities.list[0];
  const { HOLDFOR: _, HOLDUNTIL: __, ...others } = mailFrom.parameters ?? {};
  const make = call("EmailSubmission/set", {
    accountId,
    create: { send: { emailId: was.emailId, identityId: identity?.id ?? was.identityId, envelope: { mailFrom: { email: mailFrom.email, parameters: { ...others, ...held(when) } }, rcptTo } } },
    onSuccessUpdateEmail: { "#send": toSent(folders.list) },
  });
  const { id, sendAt } = created(await server.one(make, { act: true }), "send");
  return { id, sendAt: sendAt ?? (when ?? new Date()).toISOString() };
}

/** Out of Drafts into Sent. */
function toSent(folders: readonly Mailbox[]): EmailPatch {
  const [drafts, sent] = [withRole(folders, "drafts"), withRole(folders, "sent")];
  return { "keywords/$draft": null, ...(sent && drafts && { [`mailboxIds/${drafts.id}`]: null, [`mailboxIds/${sent.id}`]: true }) };
}

/** Destroys what is left in Drafts of a letter that goes: a save of which no answer came, or one that was taken for gone. All of it has the letter's Message-ID. */
async function sweep(server: Server, { accountId, messageId, emailId }: Draft): Promise<void> {
  const filter = { operator: "AND" as const, conditions: [{ header: ["Message-ID", messageId] as [string, string] }, { hasKeyword: "$draft" }] };
  const { ids } = await server.one(call("Email/query", { accountId, filter, limit: 20 }));
  const older = ids.filter((id) => id !== emailId);
  if (older.length > 0) await server.one(call("Email/set", { accountId, destroy: older }));
}

/** Whether a letter went though its answer never came. */
async function wasSent(server: Server, { accountId, messageId }: Draft): Promise<boolean> {
  const filter = { operator: "AND" as const, conditions: [{ header: ["Message-ID", messageId] as [string, string] }, { notKeyword: "$draft" }] };
  return (await server.one(call("Email/query", { accountId, filter, limit: 1 }))).ids.length > 0;
}

/** Marks what a letter answers and forwards. That it can't be done stops nothing. */
async function mark(server: Server, accountId: AccountId, content: Content): Promise<[EmailId, string][]> {
  const { answers, forwards } = relatedTo(content);
  const wanted = [...answers.map((id) => [id, "$answered"] as const), ...forwards.map((id) => [id, "$forwarded"] as const)];
  try {
    const finds = wanted.map(([id]) => call("Email/query", { accountId, filter: { header: ["Message-ID", id] }, limit: 5 }));
    const found = await server.request(finds);
    const marks = found.flatMap(({ ids }, i) => ids.map((id): [EmailId, string] => [id, wanted[i]?.[1] as string]));
    await set(server, accountId, marks, true);
    return marks;
  } catch {
    return [];
  }
}

async function set(server: Server, accountId: AccountId, marks: readonly [EmailId, string][], on: boolean): Promise<void> {
  if (marks.length === 0) return;
  const update: Record<EmailId, EmailPatch> = {};
  for (const [id, keyword] of marks) update[id] = { ...update[id], [`keywords/${keyword}`]: on ? true : null };
  await server.one(call("Email/set", { accountId, update }));
}

/** Takes a letter back. Throws SetFailed where it went already. */
export async function takeBack(server: Server, { accountId, submission, marked, origin }: Sent): Promise<void> {
  const answer = await server.one(call("EmailSubmission/set", { accountId, update: { [submission]: { undoStatus: "canceled" } } }), { act: true });
  updated(answer, submission);
  await set(server, origin, marked, false).catch(() => {}); // a mark too many harms nobody
}
