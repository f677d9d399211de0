import { expect, test } from "vitest";
import type { WorkDeadline, WorkStep } from "../jmap/types.js";
import { alarmOf, dayOf } from "./alarm.js";

const at = (clock: string) => `2026-11-27T${clock}:00Z`;
const now = Date.parse(at("12:00"));

const deadline = (id: string, warn: string, due: string, ...steps: WorkStep[]) =>
  ({ id, threadId: `T${id}`, warnAt: at(warn), dueAt: at(due), headOfficeAt: at("15:00"), localTeamAt: at("20:00"), endedAt: null, steps }) as unknown as WorkDeadline;

const step = (stage: WorkStep["stage"], clock: string, texts = 1): WorkStep => ({ stage, at: at(clock), texts, letters: 0 });

test("what is pressing", () => {
  expect(alarmOf([], now)).toBeUndefined();
  expect(alarmOf([deadline("1", "13:00", "14:00")], now)).toBeUndefined();
  expect(alarmOf([{ ...deadline("1", "09:00", "10:00"), endedAt: at("09:30") }], now)).toBeUndefined();
  const soon = deadline("2", "11:00", "13:00");
  expect(alarmOf([soon], now)).toEqual({ late: [], soon: [soon], told: [] });
});

test("who was told", () => {
  const first = deadline("1", "08:00", "09:00", step("warned", "08:00", 0), step("owners", "09:00"), step("head-office", "11:00"));
  const second = deadline("2", "09:00", "10:00", step("owners", "10:00", 2));
  const soon = deadline("3", "11:00", "13:00", step("warned", "11:00"));
  const got = alarmOf([soon, second, first], now);
  expect(got?.late.map((d) => d.id)).toEqual(["1", "2"]);
  expect(got?.soon.map((d) => d.id)).toEqual(["3"]);
  expect(got?.told).toEqual([step("owners", "10:00", 2), step("head-office", "11:00")]);
  expect(got?.next).toBe(at("15:00"));
  expect(alarmOf([second], Date.parse(at("20:00")))?.next).toBeUndefined();
});

test("two deadlines of a conversation are one letter, by the first", () => {
  const got = alarmOf([deadline("1", "11:00", "13:00"), { ...deadline("2", "08:00", "09:00"), threadId: "T1" as never }], now);
  expect(got?.late.map((d) => d.id)).toEqual(["2"]);
  expect(got?.soon).toEqual([]);
});

test("the premises' day", () => {
  expect(dayOf(Date.parse("2026-06-30T23:30:00Z"))).toBe("2026-07-01");
  expect(dayOf(Date.parse("2026-11-30T23:30:00Z"))).toBe("2026-11-30");
});
