import { expect, test } from "vitest";
import { roomFor, writtenSize } from "./room.js";

test("files are larger in a letter", () => {
  expect(writtenSize(0)).toBe(0);
  expect(writtenSize(1)).toBe(78);
  expect(writtenSize(57)).toBe(78);
  expect(writtenSize(58)).toBe(156);
});

test("what there is room for fits", () => {
  const most = 35 * 1024 * 1024;
  const room = roomFor(most, []);
  expect(room).toBeGreaterThan(26_000_000);
  expect(writtenSize(room)).toBeLessThan(most);
  expect(roomFor(most, [20_000_000])).toBeLessThan(room - 19_000_000);
  expect(roomFor(most, [room])).toBe(0);
});
