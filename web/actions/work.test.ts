import { beforeEach, expect, test } from "vitest";
import { SetFailed, type ThreadId, type WorkItem } from "../jmap/client.js";
import { blank } from "../model/work.js";
import type { Mail } from "../store/mail.js";
import { Undo } from "../store/undo.js";
import type { Wish } from "../store/work.js";
import { done, giveBack, handOver, reopen, take, type Handling } from "./work.js";

const me = "Aaisha";
const mine: WorkItem = { ...blank("T1"), status: "handled", handledBy: me, handledByName: "Aisha" };
const others: WorkItem = { ...blank("T2"), status: "handled", handledBy: "Aben", handledByName: "Ben", since: "2026-11-27T09:00:00Z" };
const finished: WorkItem = { ...blank("T3"), status: "done", doneBy: "Aben", doneByName: "Ben" };
const fresh = blank("T4");

let wishes: Wish[] = [];
let refuses = new Map<ThreadId, SetFailed>();
let knownFor = 60_000;
beforeEach(() => {
  wishes = [];
  refuses = new Map();
  knownFor = 60_000;
});

function handling(items: WorkItem[], mayHandle = true): Handling {
  const now = new Map(items.map((i) => [i.id, i]));
  const work = {
    me,
    of: () => ({ mayHandle }),
    board: () => ({ snapshot: () => now, knownFor: () => knownFor }),
    handle: async (wish: Wish) => {
      wishes.push(wish);
      return wish.takeOver ? new Map() : refuses;
    },
  };
  return { mail: { work, undo: new Undo() } as unknown as Mail, accountId: "Abox", items, ask: () => {} };
}

const commands = { take, giveBack, handOver, done, reopen };
test.each([
  ["new", [fresh], ["take", "handOver", "done"]],
  ["one's own", [mine], ["giveBack", "handOver", "done"]],
  ["a colleague's", [others], ["take", "handOver", "done"]],
  ["done", [finished], ["reopen"]],
  ["all sorts", [fresh, mine, others, finished], ["take", "giveBack", "handOver", "done", "reopen"]],
  ["nothing", [], []],
])("what can be done with %s", (_, items, want) => {
  expect(Object.entries(commands).filter(([, c]) => c.may(handling(items))).map(([name]) => name)).toEqual(want);
  expect(Object.values(commands).some((c) => c.may(handling(items, false)))).toBe(false); // who may only read
});

test("what a colleague has is taken over by who had the time to read that", async () => {
  await take.run(handling([others]));
  expect(wishes[0]?.takeOver).toBe(true);
  knownFor = 200;
  await take.run(handling([others]));
  expect(wishes[1]?.takeOver).toBe(false);
  knownFor = 60_000;
  await take.run(handling([fresh, others])); // of many, what is a colleague's was not meant
  expect(wishes[2]?.takeOver).toBe(false);
});

test("a refusal names who and when, and offers to do it all the same", async () => {
  refuses = new Map([["T2", new SetFailed("T2", { type: "claimedByOther", handledByName: "Ben", since: "2026-11-27T09:00:00Z" })]]);
  const h = handling([others]);
  await done.run(h);
  const [told] = h.mail.undo.snapshot();
  expect(told?.says).toMatch(/^Ben has had this since/);
  expect(told?.instead?.name).toBe("Mark as done all the same");
  await told?.instead?.run();
  expect(wishes.at(-1)).toMatchObject({ takeOver: true });
  expect([...(wishes.at(-1)?.patches ?? [])]).toEqual([["T2", { status: "done" }]]);
});

test("done is taken back to whose it was, and not over a colleague who has it since", async () => {
  const h = handling([{ ...mine, status: "done", handledBy: null, doneBy: me }]);
  const was = handling([mine]);
  await done.run({ ...h, items: was.items });
  await h.mail.undo.take();
  expect(wishes[1]).toMatchObject({ takeOver: true });
  expect([...(wishes[1]?.patches ?? [])]).toEqual([["T1", { handledBy: me }]]);

  const later = handling([{ ...mine, handledBy: "Aben" }]);
  await giveBack.run({ ...later, items: was.items });
  await later.mail.undo.take();
  expect(wishes[3]).toMatchObject({ takeOver: false });
});
