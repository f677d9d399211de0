// Two people with programs made with jmap-jam. On the standard input: {"session", "anna", "ben"}; people have an Address and a Token.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { EventSource } from "eventsource";
import JamClient from "jmap-jam";

const { session, anna, ben } = JSON.parse(readFileSync(0, "utf8"));

const program = async (who) => {
  const jam = new JamClient({ bearerToken: who.Token, sessionUrl: session });
  assert.equal((await jam.session).username, who.Address);
  return { jam, accountId: await jam.getPrimaryAccount() };
};

/** What happens at a program: until resolves once a look finds something, taken at each change. */
const listening = async ({ jam, accountId }) => {
  globalThis.EventSource = class extends EventSource {
    constructor(url) {
      super(url, { fetch: (at, init) => fetch(at, { ...init, headers: { ...init.headers, Authorization: jam.authHeader } }) });
    }
  };
  const source = await jam.connectEventSource({ types: "*", ping: 0 });
  const changes = [];
  let wake = () => {};
  source.addEventListener("state", (event) => (changes.push(JSON.parse(event.data).changed), wake()));
  await new Promise((open, fail) => Object.assign(source, { onopen: open, onerror: fail }));
  const until = async (look) => {
    for (;;) {
      while (changes.length === 0) await new Promise((come) => (wake = come));
      if (!changes.shift()[accountId]?.Email) continue;
      const found = await look();
      if (found) return found;
    }
  };
  return { until, close: () => source.close() };
};

const folder = async ({ jam, accountId }, role) => {
  const [{ folders }] = await jam.requestMany((t) => {
    const found = t.Mailbox.query({ accountId, filter: { role } });
    return { found, folders: t.Mailbox.get({ accountId, ids: found.$ref("/ids"), properties: ["name", "role", "totalEmails"] }) };
  });
  assert.equal(folders.list[0].role, role);
  return folders.list[0];
};

/** The messages in a folder, with their threads, the newest first. */
const letters = async ({ jam, accountId }, inMailbox) => {
  const [{ emails, threads }] = await jam.requestMany((t) => {
    const found = t.Email.query({ accountId, filter: { inMailbox }, sort: [{ property: "receivedAt", isAscending: false }] });
    const emails = t.Email.get({ accountId, ids: found.$ref("/ids"), properties: ["threadId", "subject", "from", "attachments"] });
    return { found, emails, threads: t.Thread.get({ accountId, ids: emails.$ref("/list/*/threadId") }) };
  });
  assert.equal(threads.list.length, emails.list.length);
  return emails.list;
};

const stranger = new JamClient({ bearerToken: "bm9ib2R5OndvcmQ", sessionUrl: session });
assert.equal((await stranger.session).status, 401);

const hers = await program(anna);
const his = await program(ben);

const inbox = await folder(hers, "inbox");
assert.equal(inbox.totalEmails, 2);
assert.deepEqual((await letters(hers, inbox.id)).map((e) => e.subject), ["The second", "The first"]);

const file = "Twenty-eight tablets.\n";
const { blobId } = await hers.jam.uploadBlob(hers.accountId, file, { headers: { Authorization: hers.jam.authHeader, "Content-Type": "text/plain" } });

const drafts = await folder(hers, "drafts");
const sent = await folder(hers, "sent");
const [{ list: identities }] = await hers.jam.api.Identity.get({ accountId: hers.accountId });
const [{ created }] = await hers.jam.api.Email.set({
  accountId: hers.accountId,
  create: {
    draft: {
      mailboxIds: { [drafts.id]: true },
      keywords: { $draft: true, $seen: true },
      from: [{ email: anna.Address }],
      to: [{ email: ben.Address }],
      subject: "What she takes",
      bodyValues: { text: { value: "See the file." } },
      textBody: [{ partId: "text", type: "text/plain" }],
      attachments: [{ blobId, type: "text/plain", name: "takes.txt" }],
    },
  },
});
assert.equal((await letters(hers, drafts.id))[0].subject, "What she takes");

const hersHears = await listening(hers);
const hisHears = await listening(his);
const [submitted] = await hers.jam.api.EmailSubmission.set({
  accountId: hers.accountId,
  create: { go: { identityId: identities[0].id, emailId: created.draft.id } },
  onSuccessUpdateEmail: { "#go": { [`mailboxIds/${drafts.id}`]: null, [`mailboxIds/${sent.id}`]: true, "keywords/$draft": null } },
});
assert.ok(submitted.created?.go, JSON.stringify(submitted.notCreated));

const hisInbox = await folder(his, "inbox");
const got = await hisHears.until(async () => (await letters(his, hisInbox.id))[0]);
assert.equal(got.subject, "What she takes");
assert.equal(got.from[0].email, anna.Address);
const [attached] = got.attachments;
const response = await his.jam.downloadBlob({ accountId: his.accountId, blobId: attached.blobId, mimeType: "text/plain", fileName: attached.name });
assert.equal(await response.text(), file);
const kept = await hersHears.until(async () => (await letters(hers, sent.id))[0]);
assert.equal(kept.id, created.draft.id);
hersHears.close();
hisHears.close();
