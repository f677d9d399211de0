import { expect, test } from "vitest";
import { quieted, styleName } from "./html.js";

test.each([
  ["<p>a < b & c</p>", "<p>a < b & c</p>"],
  ["<p onclick=x() class='a' ONLOAD=\"y\">on=1</p>", "<p class='a'>on=1</p>"],
  ["<p style='color:red'>", `<p ${styleName}='color:red'>`],
  ["a<!-- <p> -->b<!-->c<!--x--!>d", "abcd"],
  ["<script>x</script>a<SCRIPT >y</script x>", "a"],
  ["<br/><img src=a/b>", "<br /><img src=a/b>"],
  ["<p title='>'>x", "<p title='>'>x"],
  ["<p", "<p>"],
  ["<textarea><b>x</textarea>", "<pre>&lt;b>x</pre>"],
  ["1 <2", "1 <2"],
  ["<p\tonclick='x'/style=\"a\">", `<p ${styleName}="a">`],
])("%s becomes quiet", (html, want) => expect(quieted(html).html).toBe(want));

test("sheets stand apart, those in comments not", () => {
  expect(quieted("<style><!-- p{} --></style><!--[if mso]><style>b{}</style><![endif]--><STYLE type=x>i{}</style >z")).toEqual({ html: "z", sheets: ["<!-- p{} -->", "i{}"] });
});

test("any length is read in time", () => {
  const began = performance.now();
  for (const part of ["<", "<p ", "<!--", "<style>", "<p a='", "=", "<p/", "</"]) quieted(part.repeat(200_000));
  expect(performance.now() - began).toBeLessThan(5_000);
});
