import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Client } from "../jmap/client.js";
import { emptyContent } from "../model/content.js";
import { Draft, type Ground } from "./draft.js";
import type { Server } from "./server.js";

/** A service that keeps drafts, and does as it is told. */
class Service {
  kept = new Map<string, { subject: string; keywords: Record<string, true> }>();
  down = false;
  refuses: string | undefined;
  calls = 0;
  #last = 0;

  fetch = async (_url: unknown, init?: RequestInit): Promise<Response> => {
    if (!init?.body) return Response.json({ apiUrl: "http://x/api", capabilities: {}, accounts: {}, state: "s" });
    if (this.down) throw new TypeError("no connection");
    this.calls++;
    const { methodCalls } = JSON.parse(String(init.body)) as { methodCalls: [string, Record<string, never>, string][] };
    return Response.json({ methodResponses: methodCalls.map(([name, args, id]) => [name, name === "Email/get" ? this.#get(args) : this.#set(args), id]), sessionState: "s" });
  };

  #get({ ids }: { ids?: string[] }) {
    return { list: (ids ?? []).flatMap((id) => (this.kept.has(id) ? [{ id, mailboxIds: { D: true }, keywords: this.kept.get(id)?.keywords, attachments: [] }] : [])), notFound: [] };
  }

  #set({ create, destroy }: { create?: Record<string, { subject: string; keywords: Record<string, true> }>; destroy?: string[] }) {
    for (const id of destroy ?? []) this.kept.delete(id);
    if (!create?.draft) return { created: null, notCreated: null };
    if (this.refuses) return { created: null, notCreated: { draft: { type: this.refuses, description: "No." } } };
    const id = `M${++this.#last}`;
    this.kept.set(id, create.draft);
    return { created: { draft: { id } }, notCreated: null };
  }
}

const service = { now: new Service() };
let ground: Ground;

beforeEach(async () => {
  vi.useFakeTimers();
  vi.stubGlobal("location", { hostname: "haven.test" });
  service.now = new Service();
  const server = (await Client.open({ url: "http://x", fetch: service.now.fetch as typeof fetch })) as unknown as Server;
  ground = { server, folders: async () => [{ id: "D", role: "drafts" }] as never, identities: async () => [{ id: "I", name: "Shop", email: "shop@haven.test" }] as never };
});
afterEach(() => vi.useRealTimers());

const subjects = () => [...service.now.kept.values()].map((d) => d.subject);
const begin = () => new Draft(ground, "A" as never, { ...emptyContent });
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

test("what is typed is saved in one message, however much it is", async () => {
  const d = begin();
  for (const subject of ["a", "ab", "abc"]) {
    d.change({ subject });
    await pass(500);
  }
  expect(service.now.calls).toBe(0); // still typing
  await pass(2000);
  expect(subjects()).toEqual(["abc"]);
  d.change({ subject: "abcd" });
  await pass(2000);
  expect(subjects()).toEqual(["abcd"]);
  expect(d.snapshot().saved.is).toBe("saved");
});

test("who never stops typing is saved all the same", async () => {
  const d = begin();
  for (let i = 0; i < 20; i++) {
    d.change({ subject: `${i}` });
    await pass(400);
  }
  expect(subjects()).toHaveLength(1);
});

test("what can't be saved stays, says so, and is saved when the service is back", async () => {
  const d = begin();
  service.now.down = true;
  d.change({ subject: "kept" });
  await pass(2000);
  expect(d.snapshot().saved).toMatchObject({ is: "not-saved", why: "away" });
  d.change({ subject: "kept, and more" });
  await pass(2000);
  expect(d.snapshot().saved.is).toBe("not-saved");
  expect(d.isUnsaved).toBe(true);
  service.now.down = false;
  await pass(60_000);
  expect(subjects()).toEqual(["kept, and more"]);
  expect(d.isUnsaved).toBe(false);
});

test("a mailbox that is full keeps the version before", async () => {
  const d = begin();
  d.change({ subject: "one" });
  await pass(2000);
  service.now.refuses = "overQuota";
  d.change({ subject: "two" });
  await pass(2000);
  expect(d.snapshot().saved).toMatchObject({ is: "not-saved", why: "full" });
  expect(subjects()).toEqual(["one"]);
  service.now.refuses = undefined;
  await pass(60_000);
  expect(subjects()).toEqual(["two"]);
});

test("a draft that a colleague deleted is told and saved anew", async () => {
  const d = begin();
  d.change({ subject: "one" });
  await pass(2000);
  service.now.kept.clear();
  await d.look();
  expect(d.snapshot().elsewhere).toBe("gone");
  await pass(2000);
  expect(subjects()).toEqual(["one"]);
});

test("of two tabs on one draft neither loses anything", async () => {
  const one = begin();
  one.change({ subject: "one" });
  await pass(2000);
  const two = new Draft(ground, one.accountId, one.snapshot().content, { emailId: one.emailId as never });
  two.change({ subject: "two" });
  await pass(2000);
  one.change({ subject: "one, longer" });
  await pass(2000);
  expect(subjects().sort()).toEqual(["one, longer", "two"]);
  expect(one.snapshot().elsewhere).toBe("gone");
});

test("a page that goes leaves one message", async () => {
  const d = begin();
  d.change({ subject: "one" });
  await pass(2000);
  d.change({ subject: "one, and the last word" });
  const before = service.now.calls;
  await Promise.all([d.save(true), d.save(true), d.save()]);
  expect(subjects()).toEqual(["one, and the last word"]);
  expect(service.now.calls).toBe(before + 1);
});

test("nothing is saved of a letter that says nothing, or that was ended", async () => {
  const d = begin();
  d.change({ subject: " " });
  await pass(10_000);
  expect(service.now.calls).toBe(0);
  d.change({ subject: "x" });
  d.end();
  await pass(10_000);
  expect(service.now.calls).toBe(0);
});

test("what was typed is read when it is saved or looked at, and not at each key", async () => {
  const d = begin();
  let reads = 0;
  const typed = (text: string) => d.typed(() => (reads++, text));
  let told = 0;
  d.watch(() => told++);
  for (const text of ["a", "ab", "abc"]) typed(text);
  expect([reads, told, d.snapshot().saved.is]).toEqual([0, 1, "changed"]);
  expect([d.snapshot().content.text.own, d.snapshot().content.text.own, reads]).toEqual(["abc", "abc", 1]);
  typed("abcd");
  d.change({ subject: "S" });
  expect(d.snapshot().content).toMatchObject({ subject: "S", text: { own: "abcd" } });
  typed("abcde");
  await pass(6000);
  expect([subjects(), d.snapshot().saved.is, d.isUnsaved]).toEqual([["S"], "saved", false]);
  expect(d.snapshot().content.text.own).toBe("abcde");
});
