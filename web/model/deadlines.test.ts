import { expect, test } from "vitest";
import type { WorkDeadline } from "../jmap/types.js";
import { dueOf, earliest } from "./deadlines.js";

const at = (hours: number) => new Date(Date.parse("2026-11-27T09:00:00Z") + hours * 3_600_000).toISOString();
const now = Date.parse(at(0));

test.each([
  [at(24), at(72), { state: "later", n: 3, unit: "day" }],
  [at(-1), at(47.9), { state: "soon", n: 47, unit: "hour" }],
  [at(-1), at(5.99), { state: "soon", n: 5, unit: "hour" }],
  [at(-1), at(0.5), { state: "soon", n: 30, unit: "minute" }],
  [at(-5), at(0), { state: "late", n: 0, unit: "minute" }],
  [at(-5), at(-3), { state: "late", n: 3, unit: "hour" }],
  [at(-90), at(-72), { state: "late", n: 3, unit: "day" }],
])("warned at %s and due at %s it is %j", (warnAt, dueAt, want) => expect(dueOf({ warnAt, dueAt }, now)).toEqual(want));

test("of several deadlines the first that runs counts", () => {
  const d = (id: string, dueAt: string, endedAt: string | null = null) => ({ id, threadId: "T1", dueAt, endedAt }) as WorkDeadline;
  expect(earliest([d("D1", at(5)), d("D2", at(2)), d("D3", at(1), at(0))]).get("T1")?.id).toBe("D2");
});
