import { expect, test } from "vitest";
import type { Mailbox } from "../jmap/types.js";
import { below, countOf, foldersOf, pathOf, withRole } from "./folders.js";

const folder = (id: string, more: Partial<Mailbox> = {}): Mailbox => ({
  id, name: id, parentId: null, role: null, sortOrder: 0, totalEmails: 0, unreadEmails: 0, totalThreads: 0, unreadThreads: 0, isSubscribed: true,
  myRights: {} as Mailbox["myRights"], ...more,
});

test("folders stand by role, then by name, each below its own", () => {
  const list = [
    folder("Zebra"), folder("Item 10"), folder("Item 9"), folder("Trash", { role: "trash" }), folder("INBOX", { role: "inbox" }),
    folder("Inner", { parentId: "Zebra" }), folder("Deep", { parentId: "Inner" }), folder("Lost", { parentId: "gone" }), folder("First", { sortOrder: -1 }),
  ];
  expect(foldersOf(list).map((f) => `${" ".repeat(f.depth)}${f.name}`)).toEqual(["INBOX", "Trash", "First", "Item 9", "Item 10", "Lost", "Zebra", " Inner", "  Deep"]);
  expect(withRole(list, "trash")?.id).toBe("Trash");
});

test("folders that lie in one another round and round are not shown for ever", () => {
  expect(foldersOf([folder("a", { parentId: "b" }), folder("b", { parentId: "a" })])).toEqual([]);
});

test("a number beside a folder is what asks for somebody", () => {
  const counts = { totalEmails: 5, unreadEmails: 3, totalThreads: 4, unreadThreads: 2 };
  expect(countOf(folder("a", counts))).toBe(2);
  expect(countOf(folder("a", { ...counts, role: "drafts" }))).toBe(5);
  expect(countOf(folder("a", { ...counts, role: "scheduled" }))).toBe(5);
  expect(countOf(folder("a", { ...counts, role: "sent" }))).toBe(0);
});

test("a folder has a path, and others below it", () => {
  const list = [folder("a"), folder("b", { parentId: "a" }), folder("c", { parentId: "b" }), folder("d"), folder("x", { parentId: "y" }), folder("y", { parentId: "x" })];
  expect(pathOf(list, list[2]!).map((f) => f.id)).toEqual(["a", "b", "c"]);
  expect([...below(list, list[0]!)]).toEqual(["a", "b", "c"]);
  expect(pathOf(list, list[4]!).length).toBeLessThan(8); // two that lie in one another
});
