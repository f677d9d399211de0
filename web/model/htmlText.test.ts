// @vitest-environment jsdom
import { expect, test } from "vitest";
import { htmlOfText, textOfHtml } from "./htmlText.js";

test.each([
  ["<p>One</p><p>two <b>three</b></p>", "One\n\ntwo three"],
  ["<div>a<br>b</div><div>c</div>", "a\nb\nc"],
  ["<ul><li>one</li><li>two</li></ul><ol start=3><li>x</li><li>y</li></ol>", "- one\n- two\n\n3. x\n4. y"],
  ["<p>Yes.</p><blockquote><p>Is it?</p><blockquote>It.</blockquote></blockquote>", "Yes.\n\n> Is it?\n>\n>> It."],
  ['<a href="https://haven.test/a">there</a> <a href="mailto:a@b.example">a@b.example</a>', "there <https://haven.test/a> a@b.example"],
  ["<style>p{}</style><script>alert(1)</script>x", "x"],
  ["<pre>a  b\n c</pre>", "a  b\n c"],
  ["<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a\tb\nc"],
  ['<img src=x onerror="fail()" alt="A plan">', "[A plan]"],
])("%s", (html, want) => expect(textOfHtml(html)).toBe(want));

test("plain text becomes HTML and comes back", () => {
  const text = "Hello <you> & all\n\n> quoted\n>> more\nend";
  expect(htmlOfText(text)).toBe("<p>Hello &lt;you&gt; &amp; all</p><p><br></p><blockquote><p>quoted</p><blockquote><p>more</p></blockquote></blockquote><p>end</p>");
});
