import { expect, test } from "vitest";
import { mondayOf, sundayOf, tookOf, weekAfter } from "./week.js";

test("the Monday of a day", () => {
  expect(mondayOf("2026-11-27")).toBe("2026-11-23");
  expect(mondayOf("2026-11-23")).toBe("2026-11-23");
  expect(mondayOf("2026-11-29")).toBe("2026-11-23");
  expect(mondayOf("2027-01-01")).toBe("2026-12-28");
  for (const no of ["", "2026-13-01", "today", "2026-11-27T00:00"]) expect(mondayOf(no)).toBeUndefined();
});

test("other weeks, also where the clocks change", () => {
  expect(weekAfter("2026-03-23", 1)).toBe("2026-03-30");
  expect(weekAfter("2026-10-26", -1)).toBe("2026-10-19");
  expect(sundayOf("2026-10-19")).toBe("2026-10-25");
});

test("how long it took", () => {
  expect(tookOf(20)).toEqual({ hours: 0, minutes: 0 });
  expect(tookOf(900)).toEqual({ hours: 0, minutes: 15 });
  expect(tookOf(3 * 3600 + 1200)).toEqual({ hours: 3, minutes: 20 });
  expect(tookOf(3599)).toEqual({ hours: 1, minutes: 0 });
  expect(tookOf(27.4 * 3600)).toEqual({ hours: 27, minutes: 0 });
});
