import { expect, test } from "vitest";
import { asDelivered, commandOf, isSingle, keyOf, keysOf, keyText, rebound, settingsOf } from "./keys.js";

const press = (key: string, more: Partial<Record<"shiftKey" | "ctrlKey" | "metaKey" | "altKey", boolean>> = {}) => keyOf({ key, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, ...more });

test.each([
  [press("e"), "e"],
  [press("E"), "e"], // with caps lock
  [press("U", { shiftKey: true }), "Shift+U"],
  [press("?", { shiftKey: true }), "?"],
  [press("z", { ctrlKey: true }), "Mod+Z"],
  [press("z", { metaKey: true }), "Mod+Z"],
  [press("Z", { ctrlKey: true, shiftKey: true }), "Mod+Shift+Z"],
  [press("F10", { shiftKey: true }), "Shift+F10"],
  [press("/", { ctrlKey: true }), "Mod+/"],
  [press("Delete"), "Delete"],
])("a key is written %s", (got, want) => expect(got).toBe(want));

const archive = { id: "archive", keys: ["e"] };
const remove = { id: "remove", keys: ["#", "Delete"] };
const sheet = { id: "sheet", keys: ["?", "Mod+/"], calm: true };
const all = [archive, remove, sheet];
const on = { ...asDelivered, single: true };

test("keys of one character are off at first, but for what only shows something", () => {
  expect(all.map((c) => keysOf(c, asDelivered))).toEqual([[], ["Delete"], ["?", "Mod+/"]]);
  expect(all.map((c) => keysOf(c, on))).toEqual([["e"], ["#", "Delete"], ["?", "Mod+/"]]);
  expect(commandOf("e", all, asDelivered)).toBeUndefined();
  expect(commandOf("Delete", all, asDelivered)).toBe(remove);
});

test("a key that is given to a command is taken from the one that had it; other keys stay", () => {
  const mine = rebound(on, all, "remove", "e");
  expect(commandOf("e", all, mine)).toBe(remove);
  expect(keysOf(archive, mine)).toEqual([]);
  expect(keysOf(remove, mine)).toEqual(["e", "Delete"]);
  expect(keysOf(sheet, rebound(on, all, "sheet", ""))).toEqual(["Mod+/"]);
});

test.each([
  [null, asDelivered],
  ["x", asDelivered],
  [{ single: "yes", changed: { archive: "y", remove: "Mod+Q", sheet: 3 } }, { single: false, changed: { archive: "y" } }],
  [{ single: true }, on],
])("what was kept as %j is read", (kept, want) => expect(settingsOf(kept)).toEqual(want));

test("keys are shown as they stand on keyboards", () => {
  expect(keyText("Mod+Z", false)).toBe("Ctrl+Z");
  expect(keyText("Mod+Z", true)).toBe("⌘+Z");
  expect(keyText("Delete", false)).toBe("Del");
  expect(keyText("+", false)).toBe("+");
  expect([isSingle("é"), isSingle("Shift+U"), isSingle("F2")]).toEqual([true, true, false]);
});
