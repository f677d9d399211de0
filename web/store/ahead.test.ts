import { expect, test } from "vitest";
import { Client } from "../jmap/client.js";

/** A client of a service whose clock is so many milliseconds ahead. */
const at = async (ahead: number) => {
  const headers = { Date: new Date(Date.now() + ahead).toUTCString() };
  return (await Client.open({ url: "https://haven.test", fetch: async () => Response.json({ state: "1" }, { headers }) })).ahead;
};

test("a clock that is wrong by an hour is known, and seconds are none", async () => {
  expect(Math.abs((await at(3_600_000)) - 3_600_000)).toBeLessThan(2000);
  expect(Math.abs((await at(-3_600_000)) + 3_600_000)).toBeLessThan(2000);
  expect(await at(2000)).toBe(0);
});
