import { expect, test } from "vitest";
import { inverse, patchOf } from "./edits.js";

const was = { id: "M1", threadId: "T1", mailboxIds: { F1: true, F3: true }, keywords: { $seen: true, "a/b~": true }, from: null, receivedAt: "" } as const;

test("a patch names what changes, and nothing else", () => {
  expect(patchOf(was, { mailboxIds: { F2: true, F3: true } })).toEqual({ "mailboxIds/F1": null, "mailboxIds/F2": true });
  expect(patchOf(was, { keywords: { $flagged: true } })).toEqual({ "keywords/$seen": null, "keywords/a~1b~0": null, "keywords/$flagged": true });
  expect(patchOf(was, { keywords: { ...was.keywords } })).toEqual({});
});

test("the way back is what was, of what changes", () => {
  const edit = new Map([["M1", { mailboxIds: { F2: true as const } }]]);
  expect(inverse(edit, [was])).toEqual(new Map([["M1", { mailboxIds: was.mailboxIds }]]));
  expect(inverse(edit, [{ ...was, id: "M2" }]).size).toBe(0);
});
