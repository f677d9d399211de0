import { expect, test } from "vitest";
import type { WorkItem } from "../jmap/types.js";
import { blank, colleaguesLike, isSecondReply, recounted, refusalOf, viewOf, wayBack, wished } from "./work.js";

const me = "Aaisha";
const by = { id: me, name: "aisha" };
const now = new Date("2026-11-27T09:41:00Z");
const handled: WorkItem = { ...blank("T1"), status: "handled", handledBy: "Aben", handledByName: "Ben", since: "2026-11-27T08:00:00Z" };
const done: WorkItem = { ...blank("T1"), status: "done", doneBy: "Aben", doneByName: "Ben" };

test.each([
  [blank("T1"), "unassigned"],
  [handled, "others"],
  [{ ...handled, handledBy: me }, "mine"],
  [{ ...handled, handledBy: null }, "others"], // who handles it is not there any more
  [done, "done"],
] as const)("%j stands in %s", (item, view) => expect(viewOf(item, me)).toBe(view));

test("a claim, a hand-over, giving back and done are seen before the service has said so", () => {
  expect(wished(blank("T1"), { status: "handled" }, by, undefined, now)).toMatchObject({ status: "handled", handledBy: me, since: now.toISOString() });
  expect(wished(blank("T1"), { handledBy: "Aben" }, by, "Ben", now)).toMatchObject({ status: "handled", handledBy: "Aben", handledByName: "Ben" });
  expect(wished(handled, { handledBy: null }, by, undefined, now)).toMatchObject({ status: "new", handledBy: null, handledByName: null });
  expect(wished(handled, { status: "done" }, by, undefined, now)).toMatchObject({ status: "done", handledBy: null, doneBy: me, doneByName: "aisha" });
  expect(wished(done, { status: "new" }, by, undefined, now)).toMatchObject({ status: "new", doneBy: null, doneByName: null });
});

test("the way back is what was", () => {
  expect(wayBack(blank("T1"))).toEqual({ status: "new" });
  expect(wayBack(handled)).toEqual({ handledBy: "Aben" });
  expect(wayBack(done)).toEqual({ status: "done" });
});

test("counts follow what becomes of a conversation, and never fall below nothing", () => {
  const counts = { unassigned: 0, mine: 1, others: 2, done: 3 };
  expect(recounted(counts, handled, { ...handled, handledBy: me }, me)).toEqual({ unassigned: 0, mine: 2, others: 1, done: 3 });
  expect(recounted(counts, blank("T1"), done, me)).toEqual({ unassigned: 0, mine: 1, others: 2, done: 4 });
  expect(recounted(counts, done, done, me)).toBe(counts);
});

test("a refusal says why, who and since when", () => {
  expect(refusalOf({ type: "claimedByOther", handledByName: "Ben", since: "2026-11-27T08:00:00Z" })).toEqual({ why: "handled", who: "Ben", since: "2026-11-27T08:00:00Z" });
  expect(refusalOf({ type: "doneAlready", doneByName: "Ben", handledByName: null, since: null })).toEqual({ why: "done", who: "Ben" });
  expect(refusalOf({ type: "noAccess" })).toEqual({ why: "no-access" });
  expect(refusalOf({ type: "forbidden" })).toBeUndefined();
});

test("colleagues are found by the beginnings of words of their names; who is here stands first", () => {
  const who = (id: string, name: string, isHere = false) => ({ id, name, email: `${id}@haven.test`, isHere });
  const all = [who("1", "Aisha Rahman"), who("2", "Ben Okafor"), who("3", "Cara Doyle-Byrne", true)];
  const names = (typed: string) => colleaguesLike(all, typed, "1").map((c) => c.name);
  expect(names("")).toEqual(["Cara Doyle-Byrne", "Ben Okafor"]);
  expect(names("byr c")).toEqual(["Cara Doyle-Byrne"]);
  expect(names("kafor")).toEqual([]);
  expect(names("aisha")).toEqual([]);
});


test("a second reply that was stopped is told from other refusals", () => {
  expect(isSecondReply({ type: "answeredByOther", description: "Ben answered this at 09:00." })).toBe(true);
  expect(isSecondReply({ type: "forbiddenFrom" })).toBe(false);
});
