import { expect, test } from "vitest";
import { bitsOf } from "./snippet.js";

test.each([
  ["plain", [["plain", false]]],
  ["a <mark>word</mark> b", [["a ", false], ["word", true], [" b", false]]],
  ["&lt;img src=x&gt; &amp;lt; <mark>O&#39;Brien</mark>", [["<img src=x> &lt; ", false], ["O'Brien", true]]],
  ["<mark>never ended", [["<mark>never ended", false]]],
])("%j", (snippet, want) => expect(bitsOf(snippet).map((b) => [b.text, b.mark])).toEqual(want));
