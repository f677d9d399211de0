import { expect, test } from "vitest";
import { localMoment, momentOf, times } from "./later.js";

test.each([
  [new Date(2026, 10, 27, 9), ["evening Fri 18", "tomorrow Sat 8", "monday Mon 8"]],
  [new Date(2026, 10, 27, 17, 30), ["tomorrow Sat 8", "monday Mon 8"]],
  [new Date(2026, 10, 29, 20), ["tomorrow Mon 8"]],
  [new Date(2026, 10, 30, 8), ["evening Mon 18", "tomorrow Tue 8", "monday Mon 8"]],
])("at %s", (now, want) => {
  expect(times(now).map(({ id, at }) => `${id} ${at.toLocaleDateString("en-GB", { weekday: "short" })} ${at.getHours()}`)).toEqual(want);
  for (const { at } of times(now)) expect(at > now).toBe(true);
});

test("a field of date and time is read as it is written", () => {
  const d = new Date(2027, 0, 4, 8, 5);
  expect(localMoment(d)).toBe("2027-01-04T08:05");
  expect(momentOf(localMoment(d))).toEqual(d);
  expect(momentOf("")).toBeUndefined();
  expect(momentOf("2027-13")).toBeUndefined();
});
