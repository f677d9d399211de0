import { expect, test } from "vitest";
import { becameOf, words } from "./fate.js";

const status = (delivered: "queued" | "yes" | "no" | "unknown", smtpReply = "250 2.1.5 Ok") => ({ delivered, smtpReply, displayed: "unknown" as const });

test.each([
  ["waits", "pending", null, "waits"],
  ["was called back", "canceled", null, "gone"],
  ["everybody has it", "final", { a: status("yes"), b: status("unknown") }, "gone"],
  ["waits for another server", "final", { a: status("yes"), b: status("queued") }, "on-its-way"],
  ["was refused as it went", "canceled", { a: status("no", "550 5.7.1 Ben answered."), b: status("no", "550 5.7.1 Ben answered.") }, { to: "nobody", why: "Ben answered.", who: ["a", "b"] }],
  ["one does not exist", "final", { a: status("yes"), b: status("no", "550 5.1.1 There is no b.") }, { to: "not-all", why: "There is no b.", who: ["b"] }],
] as const)("a letter %s", (_, undoStatus, deliveryStatus, became) => expect(becameOf({ undoStatus, deliveryStatus: deliveryStatus as never })).toEqual(became));

test.each([
  ["550 5.7.1 No.", "No."],
  ["451 Later", "Later."],
  ["", ""],
  ["the domain x.test does not exist", "The domain x.test does not exist."],
])("of %s what it says stays", (reply, says) => expect(words(reply)).toBe(says));
