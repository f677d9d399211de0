import { QueryClient } from "@tanstack/react-query";
import { expect, test, vi } from "vitest";
import type { AnyCall, SetError, ThreadId, WorkItem } from "../jmap/client.js";
import { blank } from "../model/work.js";
import type { Server } from "./server.js";
import { Work } from "./work.js";

/** A service in which Aisha works, that answers WorkItem/set as it is told. */
function service(refuses: Record<string, SetError> = {}) {
  const state = { down: false, asked: [] as Record<string, unknown>[], shown: [] as string[] };
  const capability = { "urn:haven:work": { mayHandle: true, presenceSeconds: 30 } };
  const session = {
    username: "aisha",
    havenPerson: "Aaisha",
    capabilities: { "urn:ietf:params:jmap:core": { maxObjectsInGet: 500 } },
    accounts: { Abox: { isPersonal: false, accountCapabilities: capability }, Aaisha: { isPersonal: true, accountCapabilities: capability } },
  };
  const one = async (c: AnyCall) => {
    const args = c.args as { update: Record<string, unknown> };
    if (state.down) throw new Error("away");
    state.asked.push(c.args as Record<string, unknown>);
    const done = Object.keys(args.update).filter((id) => !refuses[id]);
    return {
      updated: Object.fromEntries(done.map((id) => [id, { handledByName: "Aisha Rahman", since: "2026-11-27T09:00:00Z" }])),
      notUpdated: Object.fromEntries(Object.keys(args.update).filter((id) => refuses[id]).map((id) => [id, refuses[id]])),
    };
  };
  const cache = new QueryClient();
  const work = new Work({ session, one, send: vi.fn() } as unknown as Server, cache, (_, items) => {
    for (const i of items.values()) state.shown.push(`${i.id} ${i.status}`);
  });
  const board = work.board("Abox");
  const items = new Map<ThreadId, WorkItem>([["T1", blank("T1")], ["T2", { ...blank("T2"), status: "handled", handledBy: "Aben", handledByName: "Ben" }]]);
  board.put(items.values());
  cache.setQueryData(work.counts("Abox").queryKey, { unassigned: 1, mine: 0, others: 1, done: 0 });
  const counts = () => cache.getQueryData(work.counts("Abox").queryKey);
  const claim = (...ids: ThreadId[]) => ({ accountId: "Abox", patches: new Map(ids.map((id) => [id, { status: "handled" as const }])) });
  return { state, work, board, counts, claim };
}

test("a claim is seen at once, in the counts too, and then as the service has it", async () => {
  const { state, work, board, counts, claim } = service();
  const done = work.handle(claim("T1"));
  expect(board.snapshot().get("T1")).toMatchObject({ status: "handled", handledBy: "Aaisha" });
  expect(counts()).toEqual({ unassigned: 0, mine: 1, others: 1, done: 0 });
  expect(state.shown).toEqual(["T1 handled"]);
  expect((await done).size).toBe(0);
  expect(board.snapshot().get("T1")).toMatchObject({ handledByName: "Aisha Rahman", since: "2026-11-27T09:00:00Z" });
  expect(state.asked[0]).toEqual({ accountId: "Abox", update: { T1: { status: "handled" } } });
});

test("what is refused is put back, with the reason; the rest stays", async () => {
  const { state, work, board, counts, claim } = service({ T2: { type: "claimedByOther", handledByName: "Ben" } });
  const failed = await work.handle(claim("T1", "T2"));
  expect([...failed.keys()]).toEqual(["T2"]);
  expect(failed.get("T2")?.type).toBe("claimedByOther");
  expect(board.snapshot().get("T1")).toMatchObject({ status: "handled", handledBy: "Aaisha" });
  expect(board.snapshot().get("T2")).toMatchObject({ status: "handled", handledBy: "Aben", handledByName: "Ben" });
  expect(counts()).toEqual({ unassigned: 0, mine: 1, others: 1, done: 0 });
  expect(state.shown.at(-1)).toBe("T2 handled");
});

test("what the service told meanwhile is not put back", async () => {
  const { state, work, board, claim } = service({ T1: { type: "claimedByOther", handledByName: "Ben" } });
  const done = work.handle(claim("T1"));
  board.put([{ ...blank("T1"), status: "handled", handledBy: "Aben", handledByName: "Ben" }]); // pushed before the refusal came
  expect((await done).size).toBe(1);
  expect(board.snapshot().get("T1")).toMatchObject({ status: "handled", handledByName: "Ben" });
  expect(state.shown).toEqual(["T1 handled"]);
});

test("where the service is away all is put back, and the caller is told", async () => {
  const { state, work, board, counts, claim } = service();
  state.down = true;
  await expect(work.handle(claim("T1", "T2"))).rejects.toThrow("away");
  expect(board.snapshot().get("T1")?.status).toBe("new");
  expect(board.snapshot().get("T2")?.handledBy).toBe("Aben");
  expect(counts()).toEqual({ unassigned: 1, mine: 0, others: 1, done: 0 });
});

test("what is taken over and noted goes in the same request", async () => {
  const { state, work } = service();
  await work.handle({ accountId: "Abox", patches: new Map([["T2", { handledBy: "Acara" }]]), takeOver: true, note: "They ring back.", to: "Cara" });
  expect(state.asked[0]).toMatchObject({ takeOver: ["T2"], handOverNotes: { T2: "They ring back." } });
});

test("nobody works together in a personal mailbox", () => {
  const { work } = service();
  expect(work.isIn("Abox")).toBe(true);
  expect(work.isIn("Aaisha")).toBe(false);
  expect(work.isIn("Agone")).toBe(false);
});
