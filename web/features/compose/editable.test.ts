// @vitest-environment jsdom
import { expect, test } from "vitest";
import { editable } from "./editable.js";

test.each([
  ['<p style="color:red" onclick="x()">a<script>alert(1)</script></p>', "<p>a</p>"],
  ['<a href="javascript:alert(1)">a</a>', "<a>a</a>"],
  ['<a href=" java\nscript:alert(1)">a</a>', "<a>a</a>"],
  ['<a href="https://haven.test/">a</a>', '<a href="https://haven.test/">a</a>'],
  ['<img src="cid:pic@1" alt="plan" onerror="x()">', '<img src="cid:pic@1" alt="plan">'],
  ['<img src="https://elsewhere.example/seen.gif" alt="plan">', "plan"],
  ['<img src="data:text/html,<script>alert(1)</script>">', ""],
  ["<table border=1><tr><td colspan=2>2 tablets</td></tr></table>", '<table border="1"><tbody><tr><td colspan="2">2 tablets</td></tr></tbody></table>'],
  ['<iframe src="https://x.example"></iframe><form><input name=q></form><svg><script>alert(1)</script></svg>', ""],
  ['<section><blockquote type="cite">a</blockquote></section>', '<section><blockquote type="cite">a</blockquote></section>'],
])("%s", (html, want) => expect(editable(html)).toBe(want));
