import { expect, test } from "vitest";
import { quoted, resigned, signed, splitQuote } from "./quote.js";

test("what is quoted is quoted once more", () => expect(quoted("one\n> two\n\nthree\n\n")).toBe("> one\n>> two\n>\n> three"));

test.each([
  ["own\n\nOn Friday, Ben wrote:\n> one\n> two\n", "own", "On Friday, Ben wrote:\n> one\n> two"],
  ["own\n> one\nmore", "own\n> one\nmore", ""], // an answer between the lines
  ["> one", "", "> one"],
  ["own", "own", ""],
])("%j ends with what it answers", (text, own, quote) => expect(splitQuote(text)).toEqual({ own, quote }));

test("a signature changes with whom one writes as", () => {
  expect(signed(" ")).toBe("");
  expect(resigned(`Hello${signed("A")}`, "A", "B")).toBe("Hello\n\n-- \nB");
  expect(resigned(`Hello${signed("A")}`, "A", "")).toBe("Hello");
  expect(resigned("Hello", "", "B")).toBe("Hello\n\n-- \nB");
  expect(resigned("Hello without it", "A", "B")).toBe("Hello without it"); // it was taken out by hand
});
