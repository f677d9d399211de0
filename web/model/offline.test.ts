import { expect, test } from "vitest";
import { chosen, keeps, passphraseLacks, whyOver } from "./offline.js";

const hour = 3_600_000;
const heard = Date.parse("2026-11-27T09:00:00Z");
const day = 24 * 3600;

test.each([
  ["a moment after", heard, heard + 1000, day, undefined],
  ["just within a day", heard, heard + 24 * hour - 1, day, undefined],
  ["a day after", heard, heard + 24 * hour, day, "late"],
  ["days after", heard, heard + 90 * hour, day, "late"],
  ["the service lets it be opened for an hour", heard, heard + hour, 3600, "late"],
  ["the service lets nobody", heard, heard, 0, "late"],
  ["the clock was put right by a minute", heard, heard - 60_000, day, undefined],
  ["the clock was put back", heard, heard - hour, day, "clock"],
  ["the clock was put back since it was opened last", heard + 20 * hour, heard + 2 * hour, day, "clock"],
  ["no time at all", Number.NaN, Number.NaN, day, "late"],
  ["a time that is none", heard, Number.NaN, day, "late"],
] as const)("%s", (_, seen, now, seconds, why) => {
  expect(whyOver({ heard, seen }, now, seconds)).toBe(why);
});

test("when nothing was ever heard it is over", () => {
  expect(whyOver({ heard: Number.NaN, seen: 0 }, heard, day)).toBe("late");
});

test("the newest of all mailboxes are kept, of thirty days", () => {
  const now = new Date("2026-11-27T09:00:00Z");
  const at = (days: number) => new Date(now.getTime() - days * 86_400_000).toISOString();
  const some = [
    { accountId: "A1", threadId: "T1", at: at(3) },
    { accountId: "A1", threadId: "T2", at: at(31) },
    { accountId: "A2", threadId: "T3", at: at(1) },
  ];
  expect(chosen(some, now).map((c) => c.threadId)).toEqual(["T3", "T1"]);
  const many = Array.from({ length: 2 * keeps.conversations }, (_, i) => ({ accountId: "A1", threadId: `T${i}`, at: at(i / 100) }));
  expect(chosen(many, now).length).toBe(keeps.conversations);
});

test.each([
  ["short", "elevenchars", "elevenchars", "short"],
  ["of few letters", "aaaaabbbbbcc", "aaaaabbbbbcc", "easy"],
  ["not the same twice", "quiet harbour 27", "quiet harbour 28", "differs"],
  ["good", "quiet harbour 27", "quiet harbour 27", undefined],
  ["of letters of two units", "👍👍👍👍👍👍👍", "👍👍👍👍👍👍👍", "short"],
])("a passphrase that is %s", (_, text, again, lacks) => {
  expect(passphraseLacks(text, again)).toBe(lacks);
});
