import { expect, test } from "vitest";
import type { Mailbox } from "../jmap/types.js";
import { dayOf, searchOf, termsOf } from "./search.js";

const folders = [{ id: "F1", name: "INBOX", role: "inbox" }, { id: "F2", name: "Discharge notes", role: null }] as Mailbox[];
const now = new Date(2026, 10, 27, 12);

test.each([
  ["", []],
  ["amoxicillin", [["", "amoxicillin", false]]],
  ['from:"Ward 12" -subject:invoice "two tablets"', [["from", "Ward 12", false], ["subject", "invoice", true], ["", "two tablets", false]]],
  ['"never ended', [["", "never ended", false]]],
  ["http://x.test", [["http", "//x.test", false]]],
])("%j is cut into terms", (text, want) => {
  expect(termsOf(text).map((t) => [t.operator, t.value, t.not])).toEqual(want);
});

test.each([
  ["amoxicillin", { text: "amoxicillin" }],
  ['"two tablets"', { text: '"two tablets"' }],
  ["from:anna to:ben", { operator: "AND", conditions: [{ from: "anna" }, { to: "ben" }] }],
  ["-from:anna", { operator: "NOT", conditions: [{ from: "anna" }] }],
  ["has:attachment is:unread", { operator: "AND", conditions: [{ hasAttachment: true }, { notKeyword: "$seen" }] }],
  ['in:"discharge notes"', { inMailbox: "F2" }],
  ["in:inbox", { inMailbox: "F1" }],
  ["before:2026-03-01", { before: new Date(2026, 2, 1).toISOString().replace(".000", "") }],
  ["after:1/3/2026", { after: new Date(2026, 2, 2).toISOString().replace(".000", "") }],
])("%j looks for what is meant", (text, filter) => {
  const s = searchOf(text, folders, now);
  expect(s.filter).toEqual(filter);
  expect(s.unclear).toEqual([]);
});

test("what is not understood is looked for as it stands, and told", () => {
  const s = searchOf("in:nowhere has:cake before:soon Ph:12", folders, now);
  expect(s.unclear).toEqual(["in:nowhere", "has:cake", "before:soon", "Ph:12"]);
  expect(s.filter).toEqual({ operator: "AND", conditions: [{ text: '"in:nowhere"' }, { text: '"has:cake"' }, { text: '"before:soon"' }, { text: '"Ph:12"' }] });
});

test("marked are the words that were looked for, and not those that must not be there", () => {
  expect(searchOf("amoxicillin from:anna -penicillin is:unread", folders, now).words).toEqual(["amoxicillin", "anna"]);
});

test.each([
  ["2026-02-29", undefined], ["31/4", undefined], ["1/3", [2026, 2, 1]], ["1.3.26", [2026, 2, 1]], ["2026-3", [2026, 2, 1]], ["soon", undefined], ["13/13/2026", undefined],
] as [string, number[] | undefined][])("the day %s", (text, want) => {
  const day = dayOf(text, now);
  expect(day && [day.getFullYear(), day.getMonth(), day.getDate()]).toEqual(want);
});
