// The service as far as it is kept here: it answers from what was kept, takes letters that wait, and says of all else that it is away.

import {
  SetFailed, type Account, type AccountId, type AnyCall, type Answers, type Email, type EmailCreate, type EmailId, type EmailSubmissionCreate, type Id, type Mailbox, type MethodName, type Session, type StateChange, type ThreadId,
} from "../../jmap/client.js";
import { withRole } from "../../model/folders.js";
import { threadOf, within, type Row } from "../../model/row.js";
import type { Conversation } from "../letters.js";
import type { Server } from "../server.js";
import { conversationName, headName, type Head } from "./head.js";
import { letterName, type Letter } from "./outgoing.js";
import type { Opened } from "./vault.js";

type Args = Record<string, unknown> & { accountId: AccountId };
type Found = Partial<Email> & { id: EmailId };
const made = "offline-"; // ids of letters that wait
const state = "offline";

/** fetch says so where there is no connection. */
class Away extends TypeError {}

export class OfflineServer {
  readonly session: Session;
  readonly stale = false;
  readonly ahead = 0;
  readonly #opened: Opened;
  readonly #head: Head;
  readonly #letters: Map<string, Letter>;
  readonly #created = new Map<string, string>(); // letters by their creation ids

  private constructor(opened: Opened, head: Head, letters: Map<string, Letter>) {
    this.#opened = opened;
    this.#head = head;
    this.#letters = letters;
    this.session = { ...head.session, accounts: Object.fromEntries(Object.entries(head.session.accounts).map(([id, a]) => [id, readOnly(a)])) };
  }

  /** What a vault holds, as a service; undefined: nothing was kept yet. */
  static async of(opened: Opened): Promise<Server | undefined> {
    const head = (await opened.read(headName)) as Head | undefined;
    if (!head) return undefined;
    const prefix = letterName("");
    const names = (await opened.vault.names()).filter((n) => n.startsWith(prefix));
    const letters = await Promise.all(names.map(async (n) => [n.slice(prefix.length), (await opened.read(n)) as Letter] as const));
    return new OfflineServer(opened, head, new Map(letters)) as unknown as Server;
  }

  async refresh(): Promise<Session> {
    throw new Away();
  }

  async one(call: AnyCall): Promise<unknown> {
    return ((await this.request([call])) as unknown[])[0];
  }

  async request<const C extends readonly AnyCall[]>(calls: C): Promise<Answers<C>> {
    const answers = new Map<string, unknown>();
    for (const call of calls) answers.set(call.id, await this.#answer(call.name, resolved(call.args, answers)));
    return [...answers.values()] as Answers<C>;
  }

  async send<const C extends readonly AnyCall[]>(calls: C) {
    return { answers: await this.request(calls), further: [] };
  }

  async upload(): Promise<never> {
    throw new Away();
  }

  async download(): Promise<never> {
    throw new Away();
  }

  downloadUrl(): string {
    return "about:blank";
  }

  /** Nothing is heard until the signal. */
  async listen(_types: readonly string[] | "*", signal: AbortSignal): Promise<AsyncGenerator<StateChange, void>> {
    return (async function* () {
      await new Promise<void>((done) => (signal.aborted ? done() : signal.addEventListener("abort", () => done(), { once: true })));
    })();
  }

  async #answer(name: MethodName, args: Args): Promise<unknown> {
    const { accountId } = args;
    switch (name) {
      case "Mailbox/get":
        return this.#list(args, (this.#head.folders[accountId] ?? []).map(readOnlyFolder));
      case "Identity/get":
        return this.#list(args, this.#head.identities[accountId] ?? []);
      case "Quota/get":
        return this.#list(args, []);
      case "Email/query":
        return this.#query(args);
      case "Email/get":
        return this.#emails(args);
      case "Thread/get":
        return this.#list(args, await this.#threads(args));
      case "Email/set":
        return this.#setEmails(args);
      case "EmailSubmission/set":
        return this.#submit(args);
    }
    throw new Away();
  }

  #list(args: Args, all: readonly object[]): unknown {
    const ids = args.ids as readonly Id[] | null | undefined;
    const list = ids ? all.filter((o) => ids.includes((o as { id: Id }).id)) : all;
    return { accountId: args.accountId, state, list, notFound: [] };
  }

  #rows(accountId: AccountId): readonly Row[] {
    return this.#head.rows[accountId] ?? [];
  }

  /** What stands in a folder, as far as it is kept. To look for something takes the service. */
  #query({ accountId, filter, position = 0, limit = 50 }: Args): unknown {
    const { inMailbox, header } = (filter ?? {}) as { inMailbox?: Id; header?: unknown; operator?: string };
    if (inMailbox === undefined && header === undefined && !isOwnLook(filter)) throw new Away();
    const folder = (this.#head.folders[accountId] ?? []).find((f) => f.id === inMailbox);
    const waiting = folder?.role === "drafts" ? this.#waitingIn(accountId) : [];
    const kept = folder ? this.#rows(accountId).filter((r) => within(r, folder.id).length > 0).map((r) => r.email.id) : [];
    const ids = [...waiting.map(([id]) => made + id), ...kept];
    return { accountId, queryState: state, canCalculateChanges: false, position, total: ids.length, ids: ids.slice(position as number, (position as number) + (limit as number)) };
  }

  #waitingIn(accountId: AccountId): [string, Letter][] {
    return [...this.#letters].filter(([, l]) => l.accountId === accountId).sort(([, a], [, b]) => b.at - a.at);
  }

  async #emails({ accountId, ids, properties }: Args): Promise<unknown> {
    const wanted = (ids ?? []) as EmailId[];
    const names = (properties ?? []) as (keyof Email)[];
    const list: Found[] = [];
    for (const id of wanted) {
      const found = await this.#email(accountId, id, names);
      if (found) list.push(found);
    }
    return { accountId, state, list, notFound: wanted.filter((id) => !list.some((e) => e.id === id)) };
  }

  async #email(accountId: AccountId, id: EmailId, names: readonly (keyof Email)[]): Promise<Found | undefined> {
    const waits = this.#letters.get(id.slice(made.length));
    if (id.startsWith(made)) return waits && draftOf(id, waits, this.#draftsOf(accountId));
    const row = this.#rows(accountId).find((r) => r.email.id === id || r.thread.some((e) => e.id === id));
    if (!row) return undefined;
    const short = row.email.id === id ? row.email : row.thread.find((e) => e.id === id);
    if (short && names.every((n) => n in short)) return short as Found;
    const whole = (await this.#opened.read(conversationName(accountId, threadOf(row)))) as Conversation | undefined;
    return (whole?.letters.find((l) => l.id === id) ?? short) as Found | undefined;
  }

  async #threads({ accountId, ids }: Args): Promise<{ id: Id; emailIds: EmailId[] }[]> {
    const all: { id: Id; emailIds: EmailId[] }[] = [];
    for (const id of (ids ?? []) as Id[]) {
      if (id.startsWith(made)) all.push({ id, emailIds: [id as EmailId] });
      const row = this.#rows(accountId).find((r) => threadOf(r) === id);
      if (!row) continue;
      if (!(await this.#opened.vault.names()).includes(conversationName(accountId, id as ThreadId))) throw new Away(); // it had no room
      all.push({ id, emailIds: row.thread.map((e) => e.id) });
    }
    return all;
  }

  #draftsOf(accountId: AccountId): Id {
    return withRole(this.#head.folders[accountId] ?? [], "drafts")?.id ?? "";
  }

  /** Takes new letters, and lets them go again. Nothing else changes here. */
  async #setEmails({ accountId, create, update, destroy }: Args): Promise<unknown> {
    if (Object.keys((update ?? {}) as object).length > 0) throw new Away();
    const answers: Record<string, object> = {};
    for (const [key, email] of Object.entries((create ?? {}) as Record<string, EmailCreate>)) {
      if (email.attachments?.some((f) => !f.blobId)) throw new SetFailed(key, { type: "forbidden", description: "Files can be added once the service is there again." });
      const id = crypto.randomUUID();
      await this.#keep(id, { accountId, at: Date.now(), email });
      this.#created.set(`#${key}`, id);
      answers[key] = { id: made + id, threadId: made + id, blobId: made + id, size: 0 };
    }
    for (const id of (destroy ?? []) as string[]) await this.#forget(id.slice(made.length));
    return { accountId, oldState: state, newState: state, created: answers, updated: {}, destroyed: destroy ?? [] };
  }

  /** Has letters wait to be sent, or to be drafts again. */
  async #submit({ accountId, create, update }: Args): Promise<unknown> {
    const answers: Record<string, object> = {};
    for (const [key, submission] of Object.entries((create ?? {}) as Record<string, EmailSubmissionCreate>)) {
      const id = this.#created.get(submission.emailId) ?? submission.emailId.slice(made.length);
      const letter = this.#letters.get(id);
      if (!letter) throw new Away();
      await this.#keep(id, { ...letter, submission });
      answers[key] = { id: made + id };
    }
    for (const name of Object.keys((update ?? {}) as object)) {
      const { submission: _, ...letter } = this.#letters.get(name.slice(made.length)) ?? {};
      await this.#keep(name.slice(made.length), letter as Letter);
    }
    return { accountId, oldState: state, newState: state, created: answers, updated: Object.fromEntries(Object.keys((update ?? {}) as object).map((id) => [id, null])) };
  }

  async #keep(id: string, letter: Letter): Promise<void> {
    await this.#opened.vault.put(letterName(id), letter);
    this.#letters.set(id, letter);
  }

  async #forget(id: string): Promise<void> {
    await this.#opened.vault.drop(letterName(id));
    this.#letters.delete(id);
  }
}

/** Whether somebody only looks whether a letter of one's own went: nothing that was written here did. */
function isOwnLook(filter: unknown): boolean {
  const { conditions } = (filter ?? {}) as { conditions?: { header?: unknown }[] };
  return conditions?.some((c) => c.header !== undefined) === true;
}

/** Arguments with what they take from answers before. */
function resolved(args: object, answers: ReadonlyMap<string, unknown>): Args {
  const all: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(args)) {
    if (!name.startsWith("#")) all[name] = value;
    else {
      const { resultOf, path } = value as { resultOf: string; path: string };
      all[name.slice(1)] = at(answers.get(resultOf), path.split("/").slice(1));
    }
  }
  return all as Args;
}

/** What a path leads to (RFC 8620 §3.7). */
function at(value: unknown, [step, ...rest]: readonly string[]): unknown {
  if (step === undefined) return value;
  if (step === "*") return (value as unknown[]).flatMap((v) => at(v, rest));
  return at((value as Record<string, unknown> | undefined)?.[step], rest);
}

/** What can be done with an account of which only a part is here: to read, and to write letters. */
function readOnly(a: Account): Account {
  const { "urn:haven:work": _, "urn:haven:lateness": __, "urn:ietf:params:jmap:mdn": ___, ...accountCapabilities } = a.accountCapabilities;
  const mail = accountCapabilities["urn:ietf:params:jmap:mail"];
  return { ...a, isReadOnly: true, accountCapabilities: { ...accountCapabilities, ...(mail && { "urn:ietf:params:jmap:mail": { ...mail, mayCreateTopLevelMailbox: false } }) } };
}

function readOnlyFolder(f: Mailbox): Mailbox {
  const no = { mayAddItems: false, mayRemoveItems: false, maySetSeen: false, maySetKeywords: false, mayCreateChild: false, mayRename: false, mayDelete: false };
  return { ...f, myRights: { ...f.myRights, ...no } };
}

/** A letter that waits, as a message in Drafts. */
function draftOf(id: EmailId, { at, email, submission }: Letter, folder: Id): Found {
  const text = email.bodyValues?.text?.value ?? "";
  const part = (p: { partId?: string | null; type?: string }) => ({ partId: p.partId ?? null, blobId: null, size: 0, name: null, type: p.type ?? "text/plain", charset: null, disposition: null, cid: null });
  return {
    cc: null, bcc: null, replyTo: null, sender: null, inReplyTo: null, references: null,
    ...(email as Partial<Email>),
    id,
    blobId: id,
    threadId: id,
    mailboxIds: { [folder]: true },
    keywords: submission ? { $seen: true } : { $seen: true, $draft: true },
    receivedAt: new Date(at).toISOString(),
    sentAt: new Date(at).toISOString(),
    size: text.length,
    hasAttachment: false,
    preview: text.slice(0, 200),
    textBody: (email.textBody ?? []).map(part),
    htmlBody: (email.htmlBody ?? email.textBody ?? []).map(part),
    attachments: (email.attachments ?? []).map((f) => ({ ...part(f), blobId: f.blobId ?? null, size: f.size ?? 0, name: f.name ?? null, disposition: f.disposition ?? null, cid: f.cid ?? null })),
    bodyValues: Object.fromEntries(Object.entries(email.bodyValues ?? {}).map(([k, v]) => [k, { value: v.value, isEncodingProblem: false, isTruncated: false }])),
  } as unknown as Found;
}
