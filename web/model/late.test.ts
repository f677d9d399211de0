import { expect, test } from "vitest";
import { lateBy } from "./late.js";

const now = new Date("2026-11-27T14:06:30Z");

test.each([
  ["nothing is known", undefined, undefined],
  ["the service can't tell", null, undefined],
  ["nothing is late", { arrivingSince: null, leavingSince: null }, undefined],
  ["letters come late", { arrivingSince: "2026-11-27T14:02:10Z", leavingSince: null }, { behind: 4 }],
  ["letters wait", { arrivingSince: null, leavingSince: "2026-11-27T14:02:10Z" }, { waits: "2026-11-27T14:02:10Z" }],
  ["both", { arrivingSince: "2026-11-27T12:06:00Z", leavingSince: "2026-11-27T14:02:10Z" }, { behind: 120, waits: "2026-11-27T14:02:10Z" }],
  ["this clock is behind", { arrivingSince: "2026-11-27T15:00:00Z", leavingSince: null }, { behind: 1 }],
])("%s", (_, late, want) => {
  expect(lateBy(late && { id: "singleton", ...late }, now)).toEqual(want);
});
