import { expect, test } from "vitest";
import { isOver } from "./ends.js";

test.each([
  ["logged out, or taken away", 401, "jmap.nobody", true],
  ["without a word why", 401, undefined, true],
  ["somebody else logged in", 403, "session.other-person", true],
  ["locked", 401, "session.locked", false],
  ["the second step lacks", 401, "session.pending", false],
  ["the password is too old", 403, "session.changes", false],
  ["the rules of use are new", 403, "activation.policy", false],
  ["not allowed", 403, undefined, false],
  ["too much", 429, undefined, false],
  ["the service is away", 503, undefined, false],
])("%s", (_, status, rule, over) => {
  expect(isOver(status, rule)).toBe(over);
});
