import { expect, test } from "vitest";
import { commandOf, isRule, lacks, readScript, writeScript, type Rule, type Script } from "./filters.js";

const discharge: Rule = { name: "Discharge notes", all: true, conditions: [{ field: "from", contains: true, value: "ward" }, { field: "subject", contains: false, value: 'say "no" \\' }], folder: { id: "F1", name: 'A "b"' }, flag: true, stop: true };
const circular: Rule = { name: "Circulars", all: false, conditions: [{ field: "body", contains: true, value: "circular" }, { field: "to", contains: true, value: "all" }], read: true, stop: false, off: true };
const script = (...parts: Script["parts"]): Script => ({ before: "", parts, after: "", needs: [] });

test("a filter is a command of Sieve", () => {
  expect(commandOf(discharge)).toBe(
    'if allof(address :contains "from" "ward", not header :contains "subject" "say \\"no\\" \\\\") {\n    addflag "\\\\Flagged";\n    fileinto :mailboxid "F1" "A \\"b\\"";\n    stop;\n}\n',
  );
  expect(commandOf(circular)).toBe('if allof(false, anyof(body :text :contains "circular", address :contains ["to", "cc"] "all")) {\n    addflag "\\\\Seen";\n}\n');
  expect(commandOf({ ...discharge, folder: undefined, conditions: [] } as unknown as Rule)).toContain("keep;\n    stop;");
});

test("a filter says what a letter is, and within which time it has to be done", () => {
  const rule: Rule = { name: "Notes", all: true, conditions: [{ field: "from", contains: true, value: "ward" }], category: "discharge", within: 72, stop: true };
  expect(commandOf(rule)).toBe('if address :contains "from" "ward" {\n    category :within 259200 "discharge";\n    keep;\n    stop;\n}\n');
  expect(writeScript(script(rule))).toContain('require ["vnd.haven.work"];');
  expect(readScript(writeScript(script(rule))).parts).toEqual([rule]);
  expect(lacks(rule)).toEqual([]);
});

test("what was written is read again as it was", () => {
  const text = writeScript(script(discharge, circular));
  expect(text.split("\n")[0]).toBe('require ["body", "fileinto", "imap4flags", "mailboxid"]; # for the filters of the form');
  expect(readScript(text).parts).toEqual([discharge, circular]);
  expect(writeScript(readScript(text))).toBe(text);
});

test.each([
  "",
  "keep;",
  'require "fileinto";\r\nif true { fileinto "x"; }\r\n',
  "# Filters of the form begin here. What is changed by hand is kept, and shown as text.\n", // and no end
  "\u{1F48A} no script at all \u0000",
])("a script of somebody else comes back as it is: %j", (text) => {
  expect(writeScript(readScript(text))).toBe(text);
});

test("what others wrote around and between stays, octet for octet", () => {
  const foreign = 'require "vacation";\r\nvacation "Away";';
  const s = { ...readScript(foreign), parts: [discharge] };
  const text = writeScript(s);
  expect(text).toContain(foreign);
  const hand = text.replace('"ward"', '"ward 12"').replace("# Filters of the form end", 'fileinto "y";\n# Filters of the form end');
  const read = readScript(hand);
  expect(read.parts.map(isRule)).toEqual([false]);
  expect(writeScript(read)).toBe(hand);
  const more = writeScript({ ...read, parts: [...read.parts, circular] });
  expect(more).toContain('"ward 12"');
  expect(more).toContain(foreign);
  expect(more.split("\n")[0]).toContain('"mailboxid"'); // which the changed one still needs
  expect(readScript(more).parts[1]).toEqual(circular);
});

test("without filters of the form nothing of it is left", () => {
  const text = writeScript({ ...readScript("keep;\n"), parts: [discharge] });
  expect(writeScript({ ...readScript(text), parts: [] })).toBe("keep;\n");
});

test("a name may be anything", () => {
  const odd = { ...discharge, name: "*/ # \n} \u2028 \"" };
  expect(readScript(writeScript(script(odd))).parts).toEqual([odd]);
});

test("what lacks is told", () => {
  expect(lacks(discharge)).toEqual([]);
  expect(lacks({ name: " ", all: true, conditions: [], stop: true })).toEqual(["name", "conditions", "action"]);
  expect(lacks({ ...circular, conditions: [{ field: "to", contains: true, value: " " }] })).toEqual(["value"]);
});
