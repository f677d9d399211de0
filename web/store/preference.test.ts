import { beforeEach, expect, test, vi } from "vitest";
import type { Session } from "../jmap/client.js";
import { densityOf } from "../model/density.js";
import { Preference } from "./preference.js";

function storage() {
  const all = new Map<string, string>();
  return { all, getItem: (n: string) => all.get(n) ?? null, setItem: (n: string, v: string) => void all.set(n, v) };
}

let own: ReturnType<typeof storage>;
let tab: ReturnType<typeof storage>;

beforeEach(() => {
  vi.stubGlobal("localStorage", (own = storage()));
  vi.stubGlobal("sessionStorage", (tab = storage()));
});

const of = (havenPerson: string, havenShared?: boolean) => new Preference({ havenPerson, ...(havenShared !== undefined && { havenShared }) } as Session, "density", densityOf);

test("stays on an own device, for its person alone", () => {
  of("A1", false).set("compact");
  expect(of("A1", false).snapshot()).toBe("compact");
  expect(of("A2", false).snapshot()).toBe("comfortable");
  expect([own.all.size, tab.all.size]).toEqual([1, 0]);
});

test.each([true, undefined])("goes with the tab where others use the computer, or may (%s)", (shared) => {
  of("A1", shared).set("compact");
  expect(of("A1", shared).snapshot()).toBe("compact");
  expect([own.all.size, tab.all.size]).toEqual([0, 1]);
});

test("what was kept and is none is as if nothing were", () => {
  own.all.set("haven density A1", "{");
  expect(of("A1", false).snapshot()).toBe("comfortable");
  own.all.set("haven density A1", '"huge"');
  expect(of("A1", false).snapshot()).toBe("comfortable");
});

test("whoever watches is told", () => {
  const p = of("A1", false);
  const told = vi.fn();
  const stop = p.watch(told);
  p.set("compact");
  stop();
  p.set("comfortable");
  expect(told).toHaveBeenCalledTimes(1);
});
