import { beforeEach, expect, test, vi } from "vitest";
import { call, created, type EmailCreate, type Session } from "../../jmap/client.js";
import type { Row } from "../../model/row.js";
import { memory } from "../memory.js";
import type { Server } from "../server.js";
import { conversationName, headName } from "./head.js";
import { bring, waiting } from "./outgoing.js";
import { OfflineServer } from "./server.js";
import { Opened, Vault } from "./vault.js";

const passphrase = "quiet harbour 27";
const account = { name: "Shop", isPersonal: false, isReadOnly: false, accountCapabilities: { "urn:ietf:params:jmap:mail": {}, "urn:ietf:params:jmap:submission": {}, "urn:haven:work": {} } };
const session = { havenPerson: "A1", havenShared: false, havenOfflineSeconds: 86400, accounts: { A2: account } } as unknown as Session;
const accountId = "A2";

function row(n: number): Row {
  const email = { id: `M${n}`, threadId: `T${n}`, mailboxIds: { F1: true }, keywords: {}, receivedAt: `2026-11-2${n}T09:00:00Z`, from: null, to: null, subject: `Letter ${n}`, preview: "", hasAttachment: false, size: 1 };
  return { accountId, email, thread: [email] } as unknown as Row;
}

let opened: Opened;
let server: Server;

beforeEach(async () => {
  vi.stubGlobal("location", { hostname: "haven.test" });
  const on = { front: memory(), pieces: memory() };
  const vault = await Vault.make(session, passphrase, on, 1000);
  const folders = [{ id: "F1", role: "inbox", myRights: { maySetSeen: true, mayRemoveItems: true } }, { id: "F2", role: "drafts", myRights: {} }];
  await vault.put(headName, { session, folders: { A2: folders }, identities: { A2: [{ id: "I1", email: "shop@x.test" }] }, rows: { A2: [row(2), row(1)] } });
  await vault.put(conversationName("A2", "T2"), { accountId, id: "T2", letters: [{ ...row(2).email, bodyValues: { 1: { value: "Two tablets" } } }] });
  opened = (await vault.open(passphrase)) as Opened;
  server = (await OfflineServer.of(opened))!;
});

const letter: EmailCreate = { mailboxIds: { F2: true }, messageId: ["one@x.test"], subject: "Re: Letter 2", bodyValues: { text: { value: "Both." } }, textBody: [{ partId: "text", type: "text/plain" }] };

test("a list is what was kept of it, and nothing in it can be changed", async () => {
  const query = call("Email/query", { accountId, filter: { inMailbox: "F1" }, limit: 10 });
  const emails = call("Email/get", { accountId, "#ids": query.ref("/ids"), properties: ["id", "subject"] });
  const [found, { list }] = await server.request([query, emails]);
  expect(found.total).toBe(2);
  expect(list.map((e) => e.subject)).toEqual(["Letter 2", "Letter 1"]);
  const { list: folders } = await server.one(call("Mailbox/get", { accountId, ids: null }));
  expect(folders[0]?.myRights).toMatchObject({ maySetSeen: false, mayRemoveItems: false });
  expect(server.session.accounts.A2).toMatchObject({ isReadOnly: true, accountCapabilities: { "urn:ietf:params:jmap:submission": {} } });
  expect(server.session.accounts.A2?.accountCapabilities["urn:haven:work"]).toBeUndefined();
});

test("a conversation is opened as it was; one that had no room says that the service is away", async () => {
  const ask = (id: string) => {
    const threads = call("Thread/get", { accountId, ids: [id] });
    return server.request([threads, call("Email/get", { accountId, "#ids": threads.ref("/list/*/emailIds"), properties: ["id", "bodyValues"] })]);
  };
  const [, { list }] = await ask("T2");
  expect(list[0]?.bodyValues).toEqual({ 1: { value: "Two tablets" } });
  await expect(ask("T1")).rejects.toBeInstanceOf(TypeError);
  expect((await ask("T9"))[1].list).toEqual([]);
});

test.each([
  ["to look for something", call("Email/query", { accountId, filter: { text: "tablets" } })],
  ["to move something", call("Email/set", { accountId, update: { M1: { "keywords/$seen": true } } })],
  ["notes", call("WorkNote/get", { accountId, ids: null })],
])("%s takes the service", async (_, asks) => {
  await expect(server.request([asks])).rejects.toBeInstanceOf(TypeError);
});

test("a letter is written, waits, is taken back and thrown away", async () => {
  const submit = call("EmailSubmission/set", { accountId, create: { send: { emailId: "#d" as never, identityId: "I1" as never } } });
  const [made, sent] = await server.request([call("Email/set", { accountId, create: { d: letter } }), submit]);
  const { id } = created(made, "d");
  const submission = created(sent, "send");
  expect(await waiting(opened.vault)).toBe(1);
  const drafts = await server.one(call("Email/query", { accountId, filter: { inMailbox: "F2" } }));
  expect(drafts.ids).toEqual([id]);
  await server.one(call("EmailSubmission/set", { accountId, update: { [submission.id as string]: { undoStatus: "canceled" } } }));
  const [{ list }] = await server.request([call("Email/get", { accountId, ids: [id as never], properties: ["keywords", "subject"] })]);
  expect(list[0]).toMatchObject({ subject: "Re: Letter 2", keywords: { $draft: true } });
  await server.one(call("Email/set", { accountId, destroy: [id as never] }));
  expect(await waiting(opened.vault)).toBe(0);
});

test("letters that wait are there when it is opened again", async () => {
  await server.one(call("Email/set", { accountId, create: { d: letter } }));
  const again = (await OfflineServer.of((await opened.vault.open(passphrase)) as Opened))!;
  expect((await again.one(call("Email/query", { accountId, filter: { inMailbox: "F2" } }))).total).toBe(1);
});

/** A service that is back. keywords are those of a message that it has of the letter already. */
function back(keywords?: Record<string, true>, refuses?: object, bad?: string) {
  const did: string[] = [];
  const made: object[] = [];
  const one = async ({ name, args }: { name: string; args: object }) => {
    const { create, destroy } = args as { create?: Record<string, object>; destroy?: string[] };
    if (name === "Mailbox/get") return { list: [{ id: "F2", role: "drafts" }, { id: "F3", role: "sent" }] };
    did.push(`${name} ${create ? Object.keys(create).join() : `-${destroy?.join()}`}`);
    if (name === "Email/set" && create?.draft) {
      if ((create.draft as EmailCreate).subject === bad) return { notCreated: { draft: { type: "blobNotFound", description: "Its picture is gone." } } };
      made.push(create.draft);
    }
    if (create && name === "EmailSubmission/set" && refuses) return { notCreated: { send: refuses } };
    return { created: Object.fromEntries(Object.keys(create ?? {}).map((k) => [k, { id: `new-${k}` }])), destroyed: destroy };
  };
  const request = async () => [{ ids: [] }, { list: keywords ? [{ id: "M7", keywords }] : [] }];
  return { did, made, server: { one, request } as unknown as Server };
}

async function wait(asDraft = false) {
  const submit = call("EmailSubmission/set", { accountId, create: { send: { emailId: "#d" as never, identityId: "I1" as never } } });
  await server.request(asDraft ? [call("Email/set", { accountId, create: { d: letter } })] : [call("Email/set", { accountId, create: { d: letter } }), submit]);
}

test("what waits is sent once the service is back", async () => {
  await wait();
  const b = back();
  expect(await bring(b.server, opened)).toEqual({ sent: 1, drafts: 0, stayed: [], kept: [] });
  expect(b.did).toEqual(["Email/set draft", "EmailSubmission/set send"]);
  expect(await waiting(opened.vault)).toBe(0);
});

test("what was only written becomes a draft", async () => {
  await wait(true);
  expect(await bring(back().server, opened)).toEqual({ sent: 0, drafts: 1, stayed: [], kept: [] });
});

test("what a colleague answered meanwhile stays in Drafts, with the reason", async () => {
  await wait();
  const b = back(undefined, { type: "answeredByOther", description: "Ben answered this at 14:05." });
  expect(await bring(b.server, opened)).toEqual({ sent: 0, drafts: 0, stayed: [{ subject: "Re: Letter 2", why: "Ben answered this at 14:05." }], kept: [] });
  expect(await waiting(opened.vault)).toBe(0);
});

test("what went the last time does not go twice; a draft of it that is there is replaced", async () => {
  await wait();
  const gone = back({ $seen: true });
  expect((await bring(gone.server, opened)).sent).toBe(1);
  expect(gone.did).toEqual([]);
  await wait();
  const half = back({ $draft: true });
  await bring(half.server, opened);
  expect(half.did).toEqual(["Email/set draft", "Email/set -M7", "EmailSubmission/set send"]);
});

test("a draft of what went meanwhile is another letter, and none that was sent", async () => {
  await wait(true);
  const gone = back({ $seen: true });
  expect(await bring(gone.server, opened)).toEqual({ sent: 0, drafts: 1, stayed: [], kept: [] });
  expect(gone.did).toEqual(["Email/set draft"]);
  expect(gone.made[0]).not.toMatchObject({ messageId: letter.messageId });
});

test("a letter that the service refuses waits on, and keeps no other from it", async () => {
  await wait();
  await server.one(call("Email/set", { accountId, create: { d: { ...letter, messageId: ["two@x.test"], subject: "Bad" } } }));
  const b = back(undefined, undefined, "Bad");
  expect(await bring(b.server, opened)).toEqual({ sent: 1, drafts: 0, stayed: [], kept: [{ subject: "Bad", why: "Its picture is gone." }] });
  expect(await waiting(opened.vault)).toBe(1);
});

test("a reply with a picture of the letter is written; a file that is not at the service is refused", async () => {
  const picture = { blobId: "B1", type: "image/png", name: "logo.png", disposition: "inline", cid: "c1" };
  const { id } = created(await server.one(call("Email/set", { accountId, create: { d: { ...letter, attachments: [picture] } } })), "d");
  const { list } = await server.one(call("Email/get", { accountId, ids: [id as never], properties: ["attachments"] }));
  expect(list[0]?.attachments).toMatchObject([picture]);
  await expect(server.one(call("Email/set", { accountId, create: { d: { ...letter, attachments: [{ type: "image/png" }] } } }))).rejects.toThrow("Files can be added");
});

test("where the service goes again, what waits stays", async () => {
  await wait();
  const away = { one: async () => Promise.reject(new TypeError()), request: async () => Promise.reject(new TypeError()) } as unknown as Server;
  await expect(bring(away, opened)).rejects.toBeInstanceOf(TypeError);
  expect(await waiting(opened.vault)).toBe(1);
});
