import { expect, test } from "vitest";
import { linesOf, shown } from "./lines.js";

const measure = (text: string) => [...text].length;

test.each([
  ["short", ["short"]],
  ["", [""]],
  ["one two three four", ["one two", "three four"]],
  ["a\n\nb", ["a", "", "b"]],
  ["  indented by two", ["  indented", "by two"]],
  ["123456789012345", ["1234567890", "12345"]],
  ["so 123456789012345 is", ["so", "1234567890", "12345 is"]],
  ["a\tb\r\nc\t", ["a\tb", "c"]],
  ["123456789\t123", ["123456789", "123"]],
  ["ends with spaces   \nx", ["ends with", "spaces", "x"]],
])("%j in lines of ten", (text, lines) => {
  expect(linesOf(text, 10, measure)).toEqual(lines);
});

test("a long text is broken soon", () => {
  const text = "word ".repeat(200_000);
  const began = performance.now();
  expect(linesOf(text, 100, (t) => t.length).length).toBeGreaterThan(9_000);
  expect(performance.now() - began).toBeLessThan(5_000);
});

test("what a font has not is said", () => {
  const has = (c: number) => c < 0x3000;
  expect(shown("Tŷ Ängström Ωμέγα 漢字\tx\u00a0y", has)).toEqual({ text: "Tŷ Ängström Ωμέγα □□\tx y", lost: 2 });
  expect(shown("y\u0302", has)).toEqual({ text: "ŷ", lost: 0 });
  expect(shown("سلام ab\u202e", has)).toEqual({ text: "□□□□ ab", lost: 4 });
});
