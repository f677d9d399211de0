import { expect, test } from "vitest";
import type { AnyCall, WorkItem } from "../jmap/client.js";
import { MethodError } from "../jmap/client.js";
import { blank } from "../model/work.js";
import { Board } from "./board.js";
import type { Server } from "./server.js";

type Args = { ids?: string[]; "#ids"?: unknown };

/** A service that knows some items and counts what it is asked. */
function service() {
  const items = new Map<string, WorkItem>();
  const state = { items, changed: [] as string[], asked: [] as string[][], forgot: false, down: false, at: 1 };
  const get = (ids: readonly string[]) => ({ state: `s${state.at}`, list: ids.map((id) => items.get(id) ?? blank(id)) });
  const one = async (c: AnyCall) => {
    if (state.down) throw new Error("away");
    const ids = (c.args as Args).ids ?? [];
    state.asked.push(ids);
    return get(ids);
  };
  const send = async () => {
    if (state.down) throw new Error("away");
    if (state.forgot) return { answers: [new MethodError("WorkItem/changes", { type: "cannotCalculateChanges" }), new Error(), new Error()] };
    return { answers: [{ newState: `s${++state.at}`, hasMoreChanges: false }, get([]), get(state.changed.splice(0))] };
  };
  const session = { capabilities: { "urn:ietf:params:jmap:core": { maxObjectsInGet: 2 } } };
  return { state, server: { session, one, send } as unknown as Server };
}

const settled = async () => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};
const handled = (id: string): WorkItem => ({ ...blank(id), status: "handled", handledBy: "Aben", handledByName: "Ben" });

test("what is looked at is asked for once, together, in as many requests as it takes", async () => {
  const { state, server } = service();
  const board = new Board(server, "A");
  board.look(["T1", "T2"]);
  board.look(["T2", "T3"]);
  await settled();
  board.look(["T3"]);
  await settled();
  expect(state.asked).toEqual([["T1", "T2"], ["T3"]]);
  expect(board.snapshot().size).toBe(3);
});

test("what colleagues change comes, of what was looked at", async () => {
  const { state, server } = service();
  const board = new Board(server, "A");
  board.look(["T1"]);
  await settled();
  state.items.set("T1", handled("T1")).set("T9", handled("T9"));
  state.changed = ["T1", "T9"];
  let told = 0;
  board.watch(() => told++);
  await board.catchUp();
  expect(board.snapshot().get("T1")?.handledByName).toBe("Ben");
  expect(board.snapshot().has("T9")).toBe(false);
  expect(told).toBe(1);
  expect(board.knownFor("T1")).toBeLessThan(1000); // it has just come
  expect(board.knownFor("T9")).toBeGreaterThan(1000);
});

test("where the service has forgotten what changed, all is asked for again", async () => {
  const { state, server } = service();
  const board = new Board(server, "A");
  board.look(["T1"]);
  await settled();
  state.items.set("T1", handled("T1"));
  state.forgot = true;
  await board.catchUp();
  expect(board.snapshot().get("T1")?.status).toBe("handled");
});

test("what could not be had is asked for again when it is looked at again", async () => {
  const { state, server } = service();
  const board = new Board(server, "A");
  state.down = true;
  board.look(["T1"]);
  await settled();
  expect(board.snapshot().size).toBe(0);
  state.down = false;
  board.look(["T1"]);
  await settled();
  expect(board.snapshot().size).toBe(1);
});
