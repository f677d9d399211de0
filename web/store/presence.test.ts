import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { AnyCall } from "../jmap/client.js";
import { Presence } from "./presence.js";
import type { Server } from "./server.js";

beforeEach(() => void vi.useFakeTimers({ now: Date.parse("2026-11-27T09:00:00Z") }));
afterEach(() => void vi.useRealTimers());

/** A service that notes what it is told. */
function service() {
  const told: string[] = [];
  const state = { told, down: false };
  const accounts = Object.fromEntries(["A1", "A2"].map((id) => [id, { accountCapabilities: { "urn:haven:work": { presenceSeconds: 30 } } }]));
  const one = async (c: AnyCall) => {
    if (state.down) throw new Error("away");
    const { accountId, create, destroy } = c.args as { accountId: string; create?: { p: { threadId: string; doing: string } }; destroy?: string[] };
    if (!create) return void told.push(`${accountId} leaves ${destroy?.[0]}`);
    told.push(`${accountId} ${create.p.doing} ${create.p.threadId}`);
    return { created: { p: { id: `${create.p.threadId}-me`, until: new Date(Date.now() + 3_600_000 + 30_000).toISOString() } } };
  };
  return { state, told, presence: new Presence({ session: { accounts }, one } as unknown as Server) };
}

const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000);

test("who looks says so at once and again in half the time, until one leaves", async () => {
  const { told, presence } = service();
  const leave = presence.arrive("A1", "T1", "viewing");
  await pass(0);
  expect(told).toEqual(["A1 viewing T1"]);
  await pass(31);
  expect(told.length).toBe(3);
  leave();
  await pass(60);
  expect(told.slice(3)).toEqual(["A1 leaves T1-me"]);
});

test("from one conversation to the next is one step, from one mailbox to the next two", async () => {
  const { told, presence } = service();
  presence.arrive("A1", "T1", "viewing")();
  presence.arrive("A1", "T2", "viewing")();
  presence.arrive("A2", "T3", "viewing");
  await pass(0);
  expect(told.at(-1)).toBe("A2 viewing T3");
  expect(told).not.toContain("A1 viewing T3");
});

test("writing goes before looking, also where the page is hidden", async () => {
  const { told, presence } = service();
  presence.arrive("A1", "T1", "viewing");
  const stop = presence.arrive("A1", "T1", "writing");
  await pass(0);
  expect(told.at(-1)).toBe("A1 writing T1");
  presence.pause(true);
  await pass(0);
  expect(told.at(-1)).toBe("A1 writing T1");
  stop();
  await pass(0);
  expect(told.at(-1)).toBe("A1 leaves T1-me");
  presence.pause(false);
  await pass(0);
  expect(told.at(-1)).toBe("A1 viewing T1");
});

test("a service that is away is told again", async () => {
  const { state, told, presence } = service();
  state.down = true;
  presence.arrive("A1", "T1", "viewing");
  await pass(1);
  state.down = false;
  await pass(15);
  expect(told).toEqual(["A1 viewing T1"]);
});
