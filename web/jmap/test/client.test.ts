// The client against a service that runs. What it is told comes on the standard input: {"url", "anna", "ben"}, with Address and Password of each.
// Whatever the service answers is held against the types by the compiler at the end.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { basic, bearer, call, Client, created, destroyed, everywhere, MethodError, RequestError, SetFailed, updated, type Answer, type EmailId, type MailboxId, type ResultReference } from "../client.js";
import { Recorder } from "./recorder.js";
import { everyMethod } from "./every.js";

interface Person {
  Address: string;
  Password: string;
}

const { url, anna, ben } = JSON.parse(readFileSync(0, "utf8")) as { url: string; anna: Person; ben: Person };
const recorder = new Recorder();
const patience = () => AbortSignal.timeout(20_000);
const open = (who: Person) => Client.open({ url, headers: basic(who.Address, who.Password), fetch: recorder.fetch });

let client: Client;
let accountId: string;

before(async () => {
  client = await open(anna);
  accountId = client.primary("urn:ietf:params:jmap:mail");
});

after(() => recorder.check(client.session));

/** The folder with a role. */
const folder = async (role: string): Promise<MailboxId> => {
  const { list } = await client.one(call("Mailbox/get", { accountId, properties: ["role"] }));
  const found = list.find((m) => m.role === role);
  assert.ok(found, role);
  return found.id;
};

test("signs in with Basic and with a token, and is told why not", async () => {
  assert.equal(client.session.username, anna.Address);
  const other = await Client.open({ url, headers: bearer(ben.Address, ben.Password) });
  assert.equal(other.session.username, ben.Address);
  await assert.rejects(Client.open({ url, headers: basic(anna.Address, "wrong") }), (e) => e instanceof RequestError && e.status === 401);
});

test("reads by reference", async () => {
  const found = call("Email/query", { accountId, sort: [{ property: "receivedAt", isAscending: false }], calculateTotal: true });
  const emails = call("Email/get", { accountId, "#ids": found.ref("/ids"), properties: ["threadId", "subject", "from", "header:List-Id:asText"] });
  const threads = call("Thread/get", { accountId, "#ids": emails.ref("/list/*/threadId") });
  const [{ total }, { list }, { list: conversations }] = await client.request([found, emails, threads]);
  assert.equal(total, 2);
  assert.deepEqual(list.map((e) => e.subject), ["The second", "The first"]);
  assert.equal(list[0]?.["header:List-Id:asText"], null);
  assert.equal(list[0]?.from?.[0]?.email, "someone@outside.test");
  assert.deepEqual(conversations.flatMap((t) => t.emailIds).sort(), list.map((e) => e.id).sort());
});

test("makes one list of all mailboxes", async () => {
  const all = Object.keys(client.session.accounts);
  const subjects = async (position: number, limit: number) => {
    const { list, total } = await everywhere(client, all, { from: "outside.test" }, ["subject", "keywords"], { position, limit });
    assert.equal(total, 3);
    return list.map(({ accountId: of, email }) => [of === accountId, email.subject]);
  };
  const [first, rest] = [await subjects(0, 2), await subjects(2, 2)]; // they may all have come within one second
  assert.equal(rest.length, 1);
  assert.deepEqual([...first, ...rest].sort(), [[false, "For all of us"], [true, "The first"], [true, "The second"]]);
  assert.deepEqual((await everywhere(client, all, { text: "nobody says this" }, [])).list, []);
});

test("sets a keyword and hears of it", async () => {
  const over = new AbortController();
  const changes = await client.listen(["Email"], over.signal);
  const { ids } = await client.one(call("Email/query", { accountId, limit: 1 }));
  const [id] = ids as [EmailId];
  const answer = await client.one(call("Email/set", { accountId, update: { [id]: { "keywords/$flagged": true } } }));
  assert.equal(updated(answer, id), null);
  const { value } = await changes.next();
  assert.equal(value?.changed[accountId]?.Email, answer.newState);
  over.abort();
  assert.equal((await changes.next()).done, true);
  const { ids: flagged } = await client.one(call("Email/query", { accountId, filter: { operator: "AND", conditions: [{ hasKeyword: "$flagged" }] } }));
  assert.deepEqual(flagged, [id]);
});

test("keeps a file, and makes a message of it", async () => {
  const letter = "From: someone@outside.test\r\nSubject: Kept\r\n\r\nA text.\r\n";
  const { blobId } = await client.upload(accountId, letter, "message/rfc822");
  assert.equal(await (await client.download(accountId, blobId)).text(), letter);
  const inbox = await folder("inbox");
  const answer = await client.one(call("Email/import", { accountId, emails: { e: { blobId, mailboxIds: { [inbox]: true } } } }));
  const { id } = created(answer, "e");
  destroyed(await client.one(call("Email/set", { accountId, destroy: [id] })), id);
});

test("sends a letter with what is made for it", async () => {
  const drafts = await folder("drafts");
  const identities = await client.one(call("Identity/get", { accountId }));
  const identityId = identities.list[0]?.id ?? "";
  const draft = call("Email/set", {
    accountId,
    create: {
      d: {
        mailboxIds: { [drafts]: true },
        keywords: { $draft: true },
        from: [{ email: anna.Address }],
        to: [{ email: ben.Address }],
        subject: "From the client",
        bodyValues: { 1: { value: "Hello." } },
        textBody: [{ partId: "1", type: "text/plain" }],
      },
    },
  });
  const sent = call("EmailSubmission/set", { accountId, create: { s: { emailId: "#d", identityId } }, onSuccessUpdateEmail: { "#s": { "keywords/$draft": null } } });
  const { answers, further, createdIds } = await client.send([draft, sent], { createdIds: {} });
  assert.ok(!(answers[0] instanceof MethodError) && !(answers[1] instanceof MethodError));
  assert.equal(createdIds?.d, created(answers[0], "d").id);
  assert.ok(created(answers[1], "s").undoStatus);
  assert.deepEqual(further.map(([name]) => name), ["Email/set"]);
});

test("says what went wrong", async () => {
  await assert.rejects(client.one(call("Mailbox/get", { accountId: "Anobody" })), (e) => e instanceof MethodError && e.type === "accountNotFound");
  const answer = await client.one(call("Mailbox/set", { accountId, create: { m: { name: "" } }, destroy: ["F0-0"] }));
  assert.throws(() => created(answer, "m"), (e) => e instanceof SetFailed && e.type === "invalidProperties");
  assert.throws(() => destroyed(answer, "F0-0"), (e) => e instanceof SetFailed && e.type === "notFound");
  await assert.rejects(client.request(Array.from({ length: 100 }, () => call("Core/echo", {}))), (e) => e instanceof RequestError && e.limit === "maxCallsInRequest");
});

test("every method that reads answers as its type says", async () => {
  await everyMethod(client, accountId, patience());
});

test("what does not fit is no program", () => {
  const found = call("Email/query", { accountId });
  // @ts-expect-error a path that leads nowhere
  found.ref("/list");
  // @ts-expect-error ids of messages are none of folders
  const wrong: ResultReference<MailboxId[]> = found.ref("/ids");
  // @ts-expect-error there is no such property
  call("Email/get", { accountId, properties: ["colour"] });
  // @ts-expect-error an account is needed
  call("Email/get", {});
  // @ts-expect-error there is no such method
  const none = () => call("Email/fetch", { accountId });
  // @ts-expect-error what was not asked for is not there
  const subject = (answer: Answer<"Email/get", readonly ["from"]>) => answer.list[0]?.subject;
  // @ts-expect-error the service says what a size is
  call("Email/set", { accountId, create: { d: { mailboxIds: {}, size: 1 } } });
  void [wrong, none, subject];
});
