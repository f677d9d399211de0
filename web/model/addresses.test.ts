import { expect, test } from "vitest";
import { addressesOf, isAddress } from "./addresses.js";

test.each([
  ["a@b.example", ["a@b.example"]],
  ["  a@b.example ,c@d.example;", ["a@b.example", "c@d.example"]],
  ["Aisha Rahman <aisha@haven.test>", ["Aisha Rahman/aisha@haven.test"]],
  ['"Rahman, Aisha" <aisha@haven.test>, ben@haven.test', ["Rahman, Aisha/aisha@haven.test", "ben@haven.test"]],
  ["Rahman, Aisha <aisha@haven.test>; Whitlock, Ben <ben@haven.test>", ["Rahman, Aisha/aisha@haven.test", "Whitlock, Ben/ben@haven.test"]], // as Outlook copies them
  ["Aisha <aisha@haven.test>, Ben <ben@haven.test>", ["Aisha/aisha@haven.test", "Ben/ben@haven.test"]],
  ["a@b.example c@d.example\ne@f.example\tg@h.example", ["a@b.example", "c@d.example", "e@f.example", "g@h.example"]],
  ['"O\\"Dowd" <hugh@haven.test>', ['O"Dowd/hugh@haven.test']],
  ["<mailto:a@b.example>", ["a@b.example"]],
  ["mailto:a@b.example", ["a@b.example"]],
  ["no address, a@b.example", ["no address", "a@b.example"]],
  ['an open "quote, a@b.example', ['an open "quote', "a@b.example"]],
  ["安娜 <anna@пример.example>", ["安娜/anna@пример.example"]],
  [" ;, \n", []],
])("%s", (text, want) => expect(addressesOf(text).map((a) => (a.name ? `${a.name}/` : "") + a.email)).toEqual(want));

test("ten times as many take about ten times as long", () => {
  const quickest = (n: number) => {
    const many = Array.from({ length: n }, (_, i) => `"Person, ${i}" <person${i}@place.example>`).join(", ");
    const took = Array.from({ length: 5 }, () => {
      const from = performance.now();
      expect(addressesOf(many)).toHaveLength(n);
      return performance.now() - from;
    });
    return Math.min(...took);
  };
  expect(quickest(5000)).toBeLessThan(30 * quickest(500));
});

test.each([
  ["a@b.example", true], ["a.b+c@d-e.example", true], ["anna@пример.example", true], ["o'dowd@haven.test", true],
  ["a", false], ["a@b", false], ["@b.example", false], ["a@b@c.example", false], ["a b@c.example", false], ["a..b@c.example", false],
  [".a@c.example", false], ["a.@c.example", false], ["a@.example", false], ["a@b.", false], [`${"a".repeat(65)}@b.example`, false],
])("%s may be an address: %s", (email, want) => expect(isAddress(email)).toBe(want));
