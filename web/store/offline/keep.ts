// Keeps recent mail for when the service is away, while it is there.

import { call, type AccountId } from "../../jmap/client.js";
import { withRole } from "../../model/folders.js";
import { mailAccounts } from "../../model/mailboxes.js";
import { chosen, keeps, type Candidate } from "../../model/offline.js";
import { threadOf, type Row } from "../../model/row.js";
import { conversation } from "../letters.js";
import { mailRows } from "../list.js";
import type { Server } from "../server.js";
import { conversationName, headName, type Head } from "./head.js";
import { isLetter } from "./outgoing.js";
import type { Vault } from "./vault.js";

const day = 86_400_000; // milliseconds
const step = 100; // lines that are asked for together

/** What was kept: how much, and whether all of it has room. */
export interface KeptNow {
  conversations: number;
  octets: number;
  whole: boolean;
}

/** Keeps what is recent now, and lets go what is not any more. It stops with the signal. */
export async function keep(server: Server, vault: Vault, signal: AbortSignal): Promise<KeptNow> {
  const head = await recent(server);
  signal.throwIfAborted();
  const wanted = chosen(Object.values(head.rows).flatMap((rows) => rows.map(candidate)), new Date());
  const names = new Set([headName, "contact"]);
  let octets = await vault.put(headName, head);
  let whole = true;
  for (const c of wanted) {
    signal.throwIfAborted();
    const row = head.rows[c.accountId]?.find((r) => threadOf(r) === c.threadId);
    const size = row && (await keepOne(server, vault, row, keeps.octets - octets, signal));
    if (size === undefined) whole = false;
    else {
      octets += size;
      names.add(conversationName(c.accountId, c.threadId));
    }
  }
  for (const name of await vault.names()) if (!names.has(name) && !isLetter(name)) await vault.drop(name);
  signal.throwIfAborted();
  await vault.heardNow(server.session);
  return { conversations: names.size - 2, octets, whole };
}

function candidate(row: Row): Candidate {
  return { accountId: row.accountId, threadId: threadOf(row), at: row.email.receivedAt };
}

/** What is kept of the mail but its conversations. */
async function recent(server: Server): Promise<Head> {
  const head: Head = { session: server.session, folders: {}, identities: {}, rows: {} };
  for (const { id } of mailAccounts(server.session)) {
    const [folders, identities] = await server.request([call("Mailbox/get", { accountId: id, ids: null }), call("Identity/get", { accountId: id, ids: null })]);
    head.folders[id] = folders.list;
    head.identities[id] = identities.list;
    const inbox = withRole(folders.list, "inbox");
    if (inbox) head.rows[id] = await rowsOf(server, id, inbox.id);
  }
  return head;
}

async function rowsOf(server: Server, accountId: AccountId, inMailbox: string): Promise<Row[]> {
  const after = new Date(Date.now() - keeps.days * day).toISOString().replace(/\.\d+Z$/, "Z");
  const all: Row[] = [];
  for (let total = 1; all.length < Math.min(total, keeps.conversations); ) {
    const part = await mailRows(server, { accountId, filter: { inMailbox, after } }, all.length, step);
    if (part.rows.length === 0) break;
    all.push(...part.rows);
    total = part.total;
  }
  return all;
}

/** Keeps a conversation, unless it is kept as it is; its size, or undefined where it has no room or is gone. */
async function keepOne(server: Server, vault: Vault, row: Row, room: number, signal: AbortSignal): Promise<number | undefined> {
  const name = conversationName(row.accountId, threadOf(row));
  const mark = await markOf(row);
  const there = await vault.sizeOf(name, mark);
  if (there !== undefined) return there <= room ? there : undefined;
  const whole = await conversation(server, row.accountId, threadOf(row));
  signal.throwIfAborted();
  if (!whole || JSON.stringify(whole).length > room) return undefined;
  return vault.put(name, whole, mark);
}

/** Another one whenever something of a conversation is: its letters, where they lie, how they are marked. */
async function markOf({ thread }: Row): Promise<string> {
  const says = new TextEncoder().encode(JSON.stringify(thread.map(({ id, mailboxIds, keywords }) => [id, mailboxIds, keywords])));
  return Array.from(new Uint8Array(await crypto.subtle.digest("SHA-256", says)), (b) => b.toString(16).padStart(2, "0")).join("");
}
