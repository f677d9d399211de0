import { expect, test } from "vitest";
import type { Server } from "./server.js";
import { MailList } from "./list.js";

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
  const list = new MailList(server, { accountId: "A", filter: {}, folder: "F1" }, (l) => l.patch(new Map([["M1", { mailboxIds: { F2: true } }]])));
  list.watch(() => seen.push(list.snapshot().total));
  list.look(0, 3);
  await settled();
  expect(list.snapshot().rows.map((r) => r?.email.id)).toEqual(["M0", "M2"]);
  expect(seen.at(-1)).toBe(2);
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
