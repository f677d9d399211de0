import { expect, test } from "vitest";
import type { Row } from "../../model/row.js";
import { current, noSelection, toggled, withRows } from "./selection.js";

const row = (id: string, read = false): Row => ({ accountId: "A", email: { id: `M${id}`, threadId: id, keywords: read ? { $seen: true } : {} }, thread: [] }) as unknown as Row;

test("conversations are chosen and left again", () => {
  const one = toggled(noSelection, row("1"));
  expect([...one.keys()]).toEqual(["1"]);
  expect(toggled(one, row("1")).size).toBe(0);
  expect([...withRows(one, [row("1"), undefined, row("3")]).keys()]).toEqual(["1", "3"]);
});

test("what is chosen is as the list knows it now, and stays though the list forgot it", () => {
  const chosen = withRows(noSelection, [row("1"), row("2")]);
  const now: (Row | undefined)[] = [];
  now[5000] = row("2", true);
  expect(current(chosen, now).map((r) => r.email.keywords)).toEqual([{}, { $seen: true }]);
});
