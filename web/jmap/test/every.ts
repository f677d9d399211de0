import assert from "node:assert/strict";

import { Call, call, capabilityOf, created, typeNames, updated, type Client, type MethodName, type ThreadId } from "../client.js";

const mayBeNone = ["Quota", "ShareNotification", "WorkCheck", "LinkRule"]; // nobody has a limit here, no rights changed, a person's own mailbox is not checked, and no head office has a list
const notListed = ["Principal"]; // nobody lists everybody

/** Calls every standard method that reads data of an account, with data there: their answers are recorded. */
export async function everyMethod(client: Client, accountId: string, signal: AbortSignal): Promise<void> {
  await work(client, accountId);
  await filter(client, accountId);
  const of = (verb: string) => typeNames.filter((type) => !notListed.includes(type)).map((type) => `${type}/${verb}`).filter((name): name is MethodName => name in capabilityOf);
  const since: Record<string, string> = {};
  for (const [verb, state] of [["get", "state"], ["query", "queryState"]] as const) {
    for (const name of of(verb)) {
      const answer = (await client.one(new Call(name, { accountId }), { signal })) as unknown as Record<string, unknown>;
      since[name] = answer[state] as string;
      const all = (answer.list ?? answer.ids) as unknown[];
      if (!mayBeNone.includes(name.split("/")[0] ?? "")) assert.ok(all.length > 0, `${name} has nothing to show`);
    }
  }
  for (const name of of("changes")) await client.one(new Call(name, { accountId, sinceState: since[name.replace("/changes", "/get")] }), { signal });
  for (const name of of("queryChanges")) await client.one(new Call(name, { accountId, sinceQueryState: since[name.replace("/queryChanges", "/query")] }), { signal });
  await letters(client, accountId);
  await blobs(client, accountId);
  await people(client, accountId);
}

/** A file made in a request, read and looked up. */
async function blobs(client: Client, accountId: string): Promise<void> {
  const made = call("Blob/upload", { accountId, create: { b: { data: [{ "data:asText": "Twenty-" }, { "data:asBase64": "ZWlnaHQ=" }], type: "text/plain" } } });
  const read = call("Blob/get", { accountId, ids: ["#b"], properties: ["data", "size", "digest:sha-256"] });
  const [, { list }] = await client.request([made, read, call("Blob/lookup", { accountId, typeNames: ["Email"], ids: ["#b"] })]);
  assert.equal(list[0]?.["data:asText"], "Twenty-eight");
}

/** A colleague in the directory. */
async function people(client: Client, accountId: string): Promise<void> {
  const found = call("Principal/query", { accountId, filter: { name: "Okafor" } });
  const [, { list }] = await client.request([found, call("Principal/get", { accountId, "#ids": found.ref("/ids") })]);
  assert.ok(list.length > 0);
}

/** Every property of a message, and what is found in it. */
async function letters(client: Client, accountId: string): Promise<void> {
  const found = call("Email/query", { accountId, filter: { subject: "first" } });
  const whole = call("Email/get", {
    accountId,
    "#ids": found.ref("/ids"),
    properties: ["blobId", "bodyStructure", "headers", "bodyValues", "header:From:asGroupedAddresses", "header:Received:all", "header:Message-ID:asMessageIds"],
    fetchAllBodyValues: true,
  });
  const snippets = call("SearchSnippet/get", { accountId, filter: { text: "first" }, "#emailIds": found.ref("/ids") });
  const [, { list }] = await client.request([found, whole, snippets]);
  const [letter] = list;
  assert.ok(letter && list.length === 1);
  const parsed = await client.one(call("Email/parse", { accountId, blobIds: [letter.blobId], properties: ["subject", "size", "header:From:asAddresses"] }));
  assert.equal(Object.keys(parsed.parsed).length, 1);
}

/** Somebody handles a Thread, notes something, has to be done with it, files its message, and is there now. */
async function work(client: Client, accountId: string): Promise<void> {
  const { list } = await client.one(call("Thread/get", { accountId }));
  const threadId: ThreadId = list[0]?.id ?? "";
  const emailId = list[0]?.emailIds[0] ?? "";
  const [item, note, deadline, filing, presence, settings] = await client.request([
    call("WorkItem/set", { accountId, update: { [threadId]: { status: "handled" } } }),
    call("WorkNote/set", { accountId, create: { n: { threadId, text: "They ring back at 3." } } }),
    call("WorkDeadline/set", { accountId, create: { d: { threadId, rule: "discharge-referral", withinSeconds: 86_400 } } }),
    call("WorkFiling/set", { accountId, create: { f: { emailId, nhsNumber: "9990000018", formats: ["pdf"] } } }),
    call("WorkPresence/set", { accountId, tab: "1", create: { p: { threadId, doing: "viewing" } } }),
    call("WorkSettings/set", { accountId, update: { singleton: { stopsSecondReply: true } } }),
  ]);
  updated(item, threadId);
  updated(settings, "singleton");
  for (const [answer, id] of [[note, "n"], [deadline, "d"], [filing, "f"], [presence, "p"]] as const) assert.ok(created(answer as Parameters<typeof created>[0], id).id);
  await client.one(call("WorkItem/query", { accountId, calculateCounts: true }));
}

/** A filter, which is active. */
async function filter(client: Client, accountId: string): Promise<void> {
  const { blobId } = await client.upload(accountId, "keep;", "application/sieve");
  const set = call("SieveScript/set", { accountId, create: { s: { name: "All", blobId } }, onSuccessActivateScript: "#s" });
  const [answer, { error }] = await client.request([set, call("SieveScript/validate", { accountId, blobId })]);
  assert.equal(created(answer, "s").isActive, true);
  assert.equal(error, null);
}
