import { expect, test } from "vitest";
import { asFiles, fileName, type Attachable } from "./attached.js";

test.each([
  ["Re: Mr Birch", "Re- Mr Birch"],
  ["a/b\\c", "a-b-c"],
  ["  two  words ", "two words"],
  ["../../etc", "-..-etc"],
  ["처방 Ü", "처방 Ü"],
  ["invoice\u202Efdp.exe", "invoicefdp.exe"],
  ["", "letter"],
  [null, "letter"],
  ["...", "letter"],
])("a subject names a file: %s", (subject, name) => expect(fileName(subject, "letter")).toBe(name));

test("a long subject is cut between characters", () => expect([...fileName("😀".repeat(200), "")]).toHaveLength(80));

test("letters are files, the oldest first, and no two of one name", () => {
  const letter = (id: string, subject: string | null, day: number) => ({ id, blobId: `B${id}`, size: 7, subject, messageId: [id], bcc: null, keywords: {}, receivedAt: `2026-01-0${day}T00:00:00Z` }) as Attachable;
  const files = asFiles([letter("3", "list", 3), letter("1", "List", 1), letter("2", null, 2)], "letter");
  expect(files.map((f) => [f.name, f.blobId, f.type])).toEqual([
    ["List.eml", "B1", "message/rfc822"],
    ["letter.eml", "B2", "message/rfc822"],
    ["list (2).eml", "B3", "message/rfc822"],
  ]);
});
