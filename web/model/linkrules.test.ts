import { expect, test } from "vitest";
import type { LinkRule } from "../jmap/types.js";
import { isWeb, ruleFor } from "./linkrules.js";

// The same cases as in people/linklist.
const rules = ["allow *.nhs.uk", "block old.nhs.uk", "warn *.forms.test", "allow good.forms.test", "block *.forms.test", "allow *.com.test", "block evil.com.test"].map((text) => {
  const [verdict, pattern = ""] = text.split(" ");
  return { id: text, verdict, host: pattern.replace("*.", ""), isBelow: pattern.startsWith("*."), reason: "because" } as unknown as LinkRule;
});

test.each([
  ["https://nhs.uk/", "allow"], ["https://www.nhs.uk/a?b", "allow"], ["https://WWW.NHS.UK./", "allow"], ["http://old.nhs.uk", "block"], ["https://very.old.nhs.uk", "allow"],
  ["https://evilnhs.uk", undefined], ["https://nhs.uk.evil.test", undefined], ["https://nhs.uk@evil.test", undefined], ["https://forms.test:8443", "block"], ["https://a.forms.test", "block"],
  ["https://good.forms.test", "allow"], ["https://evil.com.test", "block"], ["https://uk", undefined],
])("%s is %s", (href, want) => expect(ruleFor(rules, new URL(href))?.verdict).toBe(want));

test("what leads to the web", () => {
  expect(["https://a.test", "http://a.test", "mailto:a@b.test", "tel:+44"].map((href) => isWeb(new URL(href)))).toEqual([true, true, false, false]);
});
