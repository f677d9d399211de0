// @vitest-environment jsdom
import { expect, test } from "vitest";
import { htmlOfText, quotedHtml, splitHtml, textOfHtml, unstyled } from "./htmlText.js";

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

test("looks are left out, and nothing else", () => {
  expect(unstyled(`<style>p{}</style><p class="a" style="color:red" id=b>style="x"</p><i style='a'>x</i><b style=a>y</b>`)).toBe(`<p class="a" id=b>style="x"</p><i>x</i><b>y</b>`);
});

test("what is quoted in HTML is known again", () => {
  const quote = quotedHtml("<p>Ben wrote:</p><blockquote><table><tbody><tr><td>2 tablets</td></tr></tbody></table></blockquote>");
  expect(splitHtml(`<p>Yes.</p>${quote}`)).toEqual({ own: "<p>Yes.</p>", quote });
  expect(splitHtml("<p>Yes.</p>")).toEqual({ own: "<p>Yes.</p>", quote: "" });
});
