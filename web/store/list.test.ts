import { expect, test } from "vitest";
import type { Server } from "./server.js";
import { blank } from "../model/work.js";
import { MailList } from "./list.js";
import { workRows } from "./workrows.js";

/** A service with so many conversations of one letter each, that counts what it is asked. */
function service(total: number) {
  const asked: number[] = [];
  const state = { total, asked, hold: undefined as Promise<void> | undefined };
  const send = async (calls: { args: { position: number; limit: number } }[]) => {
    const { position, limit } = calls[0]!.args;
    asked.push(position);
    await state.hold;
    const ids = Array.from({ length: Math.max(0, Math.min(limit, state.total - position)) }, (_, i) => `M${position + i}`);
    const list = ids.map((id) => ({ id, threadId: `T${id}`, mailboxIds: { F1: true }, keywords: {}, receivedAt: "2026-01-01T00:00:00Z" }));
    return { answers: [{ ids, total: state.total }, { list }, { list: [] }, { list }], further: [] };
  };
  return { state, server: { send } as unknown as Server };
}

const settled = async () => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

test("only what is looked at is fetched, once", async () => {
  const { state, server } = service(100_000);
  const list = new MailList(server, { accountId: "A", filter: {}, folder: "F1" });
  list.look(0, 20);
  list.look(0, 25);
  await settled();
  expect(state.asked).toEqual([0]);
  expect(list.snapshot().total).toBe(100_000);
  list.look(70_010, 70_060);
  await settled();
  expect(state.asked).toEqual([0, 70_000, 70_050]);
  expect(list.snapshot().rows[70_055]?.email.id).toBe("M70055");
  expect(list.snapshot().rows[60_000]).toBeUndefined();
});

test("a refresh fetches what is seen anew and forgets the rest; what was on its way before comes too late", async () => {
  const { state, server } = service(500);
  const list = new MailList(server, { accountId: "A", filter: {}, folder: "F1" });
  list.watch(() => {});
  list.look(0, 20);
  await settled();
  list.look(200, 220);
  await settled();
  let go = () => {};
  state.hold = new Promise((resolve) => (go = resolve));
  list.look(300, 320); // is held up
  state.hold = undefined;
  state.total = 120;
  list.look(100, 110);
  await list.refresh();
  go();
  await settled();
  const { rows, total } = list.snapshot();
  expect(total).toBe(120);
  expect(rows.length).toBeLessThanOrEqual(120);
  expect(rows[105]?.email.id).toBe("M105");
  expect(rows[0]).toBeUndefined();
});

test("what leaves the folder leaves the list at once, and its marks change", async () => {
  const { server } = service(3);
  const list = new MailList(server, { accountId: "A", filter: {}, folder: "F1" });
  list.look(0, 3);
  await settled();
  list.patch(new Map([["M1", { mailboxIds: { F2: true } }], ["M2", { keywords: { $seen: true } }]]));
  const { rows, total } = list.snapshot();
  expect(total).toBe(2);
  expect(rows.map((r) => r?.email.id)).toEqual(["M0", "M2"]);
  expect(rows[1]?.email.keywords).toEqual({ $seen: true });
  expect(list.indexOf("TM2")).toBe(1);
});

test("somebody who scrolls through all of it does not gather all of it", async () => {
  const { server } = service(20_000);
  const list = new MailList(server, { accountId: "A", filter: {}, folder: "F1" });
  for (let at = 0; at < 12_000; at += 50) {
    list.look(at, at + 40);
    await settled();
  }
  let fetched = 0;
  list.snapshot().rows.forEach((r) => r && fetched++);
  expect(fetched).toBeLessThanOrEqual(5_050);
  expect(list.snapshot().rows[11_980]?.email.id).toBe("M11980");
  expect(list.snapshot().rows[0]).toBeUndefined();
});

test("a list that nobody looks at is fetched anew once somebody does", async () => {
  const { state, server } = service(10);
  const list = new MailList(server, { accountId: "A", filter: {} });
  list.look(0, 5);
  await settled();
  await list.refresh();
  await list.refresh();
  expect(state.asked).toEqual([0]);
  list.watch(() => {});
  await settled();
  expect(state.asked).toEqual([0, 0]);
});

test("what is on its way to the service is not seen as it was before", async () => {
  const { server } = service(3);
  const seen: unknown[] = [];
  const list = new MailList(server, { accountId: "A", filter: {}, folder: "F1" }, undefined, (l) => l.patch(new Map([["M1", { mailboxIds: { F2: true } }]])));
  list.watch(() => seen.push(list.snapshot().total));
  list.look(0, 3);
  await settled();
  expect(list.snapshot().rows.map((r) => r?.email.id)).toEqual(["M0", "M2"]);
  expect(seen.at(-1)).toBe(2);
});

test("what comes back stands where it stood", async () => {
  const { server } = service(5);
  const list = new MailList(server, { accountId: "A", filter: {}, folder: "F1" });
  list.look(0, 5);
  await settled();
  const out = new Map(["M1", "M3"].map((id) => [id, { mailboxIds: { F2: true as const } }]));
  list.patch(out);
  expect(list.snapshot().rows.map((r) => r?.email.id)).toEqual(["M0", "M2", "M4"]);
  list.patch(new Map([["M3", { keywords: { $seen: true as const } }]]));
  list.patch(new Map([...out.keys()].map((id) => [id, { mailboxIds: { F1: true as const } }])));
  const { rows, total } = list.snapshot();
  expect(rows.map((r) => r?.email.id)).toEqual(["M0", "M1", "M2", "M3", "M4"]);
  expect(total).toBe(5);
});

test("an error is told, and goes with the next answer", async () => {
  const { server } = service(1);
  const send = server.send;
  let broken = true;
  (server as { send: unknown }).send = (...args: Parameters<typeof send>) => (broken ? Promise.reject(new Error("away")) : send(...args));
  const list = new MailList(server, { accountId: "A", filter: {} });
  list.watch(() => {});
  list.look(0, 10);
  await settled();
  expect(list.snapshot().error).toEqual(new Error("away"));
  broken = false;
  await list.refresh();
  expect(list.snapshot()).toMatchObject({ total: 1, error: undefined });
});

/** A service with conversations, each of which has a letter in the Inbox and a later one in Sent. */
function desk(threads: readonly string[], tooMuch = false) {
  const asked: unknown[] = [];
  const letter = (id: string, threadId: string, folder: string, at: string) => ({ id, threadId, mailboxIds: { [folder]: true }, keywords: {}, receivedAt: at });
  const letters = threads.flatMap((t) => [letter(`M${t}`, t, "F1", "2026-01-01T00:00:00Z"), letter(`S${t}`, t, "F4", "2026-01-02T00:00:00Z")]);
  const server = {
    send: async (calls: { args: object }[]) => {
      asked.push(calls[0]?.args);
      const whole = { list: threads.map((id) => ({ id, emailIds: [`M${id}`, `S${id}`] })) };
      return { answers: [{ ids: threads, total: threads.length }, whole, tooMuch ? new Error("requestTooLarge") : { list: letters }] };
    },
    one: async (c: { args: { ids: string[] } }) => ({ list: letters.filter((l) => c.args.ids.includes(l.id)) }),
  };
  return { asked, server: server as unknown as Server };
}

test("a view has a line for each conversation, in the order in which the service has them, with the newest letter of the folder", async () => {
  const { asked, server } = desk(["T2", "T1"]);
  const list = new MailList(server, { accountId: "A", filter: {}, folder: "F1", view: "unassigned" }, workRows);
  list.look(0, 10);
  await settled();
  const { rows, total } = list.snapshot();
  expect(total).toBe(2);
  expect(rows.map((r) => r?.email.id)).toEqual(["MT2", "MT1"]);
  expect(rows[0]?.thread.map((e) => e.id)).toEqual(["MT2", "ST2"]);
  expect(asked[0]).toMatchObject({ filter: { view: "unassigned", inMailbox: "F1" }, sort: [{ property: "dueAt", isAscending: true }], position: 0 });
});

test("where conversations are too long to be told of together, the last letter stands for each", async () => {
  const { server } = desk(["T1"], true);
  const list = new MailList(server, { accountId: "A", filter: {}, folder: "F1", view: "mine" }, workRows);
  list.look(0, 10);
  await settled();
  expect(list.snapshot().rows.map((r) => r?.email.id)).toEqual(["ST1"]);
});

test("what leaves a view leaves its list at once; a list without a view stays", async () => {
  const { server } = desk(["T1", "T2"]);
  const view = new MailList(server, { accountId: "A", filter: {}, folder: "F1", view: "unassigned" }, workRows);
  view.look(0, 10);
  await settled();
  const taken = new Map([["T1", { ...blank("T1"), status: "handled" as const, handledBy: "Aben" }], ["T2", blank("T2")]]);
  view.patchWork(taken, "Aaisha");
  expect(view.snapshot()).toMatchObject({ total: 1 });
  expect(view.snapshot().rows.map((r) => r?.email.threadId)).toEqual(["T2"]);
  const due = new MailList(server, { accountId: "A", filter: {}, folder: "F1", view: "due" }, workRows);
  due.look(0, 10);
  await settled();
  due.patchWork(taken, "Aaisha");
  expect(due.snapshot().total).toBe(2);
  const { server: other } = service(2);
  const all = new MailList(other, { accountId: "A", filter: {}, folder: "F1" });
  all.look(0, 10);
  await settled();
  all.patchWork(new Map([["TM0", { ...blank("TM0"), status: "done" as const }]]), "Aaisha");
  expect(all.snapshot().total).toBe(2);
});
