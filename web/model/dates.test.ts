import { expect, test } from "vitest";
import { clockDate, listDate } from "./dates.js";
import { sizeText } from "./sizes.js";

const now = new Date(2026, 10, 27, 12, 0);
const at = (...parts: [number, number, number, number?, number?]) => new Date(...parts).toISOString();

test.each([
  [at(2026, 10, 27, 0, 5), "00:05"],
  [at(2026, 10, 26, 23, 59), "Thu"],
  [at(2026, 10, 21, 12), "Sat"],
  [at(2026, 10, 20, 12), "20 Nov"],
  [at(2025, 10, 27, 12), "27 Nov 2025"],
  [at(2026, 10, 28, 9), "28 Nov"], // of a clock that is wrong
])("%s is shown as %s", (moment, want) => expect(listDate(moment, now)).toBe(want));

test.each([[0, "0 B"], [999, "999 B"], [1000, "1.0 kB"], [34_567_890, "35 MB"], [999_600, "1.0 MB"], [2_500_000_000, "2.5 GB"]])("%d octets are %s", (n, want) => expect(sizeText(n)).toBe(want));

test.each([
  [at(2026, 10, 27, 9, 41), "09:41"],
  [at(2026, 10, 26, 9, 41), "Thu 09:41"],
  [at(2026, 10, 20, 9, 41), "20 Nov, 09:41"],
  [at(2026, 11, 1, 9, 41), "1 Dec, 09:41"],
])("%s is said as %s", (moment, want) => expect(clockDate(moment, now)).toBe(want));
