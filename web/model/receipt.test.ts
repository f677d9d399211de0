import { expect, test } from "vitest";
import { asksReceipt } from "./receipt.js";

const nia = { name: null, email: "nia@surgery.test" };

test.each([
  [[nia], {}, true],
  [[nia], { $seen: true as const }, true],
  [[nia], { $mdnsent: true as const }, false],
  [[nia], { $MDNSent: true as const }, false],
  [[nia], { $draft: true as const }, false],
  [[nia], { $junk: true as const }, false],
  [[], {}, false],
  [null, {}, false],
  [Array(11).fill(nia), {}, false],
])("%j with %j: %s", (to, keywords, want) => expect(asksReceipt({ keywords }, to)).toBe(want));
