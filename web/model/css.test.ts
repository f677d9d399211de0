import { expect, test } from "vitest";
import { cleanDeclarations, cleanSheet } from "./css.js";

const apart = { remote: false };
const style = (text: string, remote = false) => cleanDeclarations(text, { remote }).css;
const sheet = (text: string, remote = false) => cleanSheet(text, { remote }).css;

test.each([
  ["color: red; Font-Weight: BOLD", "color:red;font-weight:BOLD"],
  ["font: 12pt/1.5 'Segoe UI', sans-serif", 'font:12pt/1.5 "Segoe UI", sans-serif'],
  ["background:#fff; padding:0 12px!important", "background:#fff;padding:0 12px!important"],
  ["width: calc(100% - 20px)", "width:calc(100% - 20px)"],
  ["background: linear-gradient(#fff, rgb(0 0 0))", "background:linear-gradient(#fff, rgb(0 0 0))"],
  ["mso-line-height-rule:exactly;color:#333", "color:#333"],
])("%s stays", (text, want) => expect(style(text)).toBe(want));

test.each([
  // what fetches
  "background: url(https://x.test/a.png)", "background:u\\72l(https://x.test/a)", "background: URL('//x.test')", "background-image: image-set('https://x.test/a' 1x)",
  "list-style: url(https://x.test)", "cursor: url(https://x.test), auto", "content: url(https://x.test)", "border-image: url(https://x.test)", "background: url(data:image/svg+xml,<svg/>)",
  "background: src('https://x.test')", "background: var(--a)", "--a: url(https://x.test)", "font-family: attr(title)", "color: env(x)", "-webkit-mask: url(https://x.test)",
  // what lies over something, moves, or grows with its window
  "position: fixed", "position/**/:absolute", "p\\6fsition: fixed", "\\70 osition:fixed", "z-index: 9", "transform: translate(9px)", "margin-left: -99px", "margin: 0 0 -1em", "text-indent:-9999px",
  "margin: calc(0px - 9px)", "height: 100vh", "min-height:100dvh", "inset: 0", "top: 0", "animation: a 1s", "transition: all 1s", "opacity: 0", "clip-path: none", "filter: blur(1px)", "translate: 9px",
  "pointer-events: none", "columns: 9", "anchor-name: --a", "zoom: 9", "scale: 9",
  // what old browsers ran
  "width: expression(alert(1))", "width: exp/**/ression(alert(1))", "behavior: url(x)", "-moz-binding: url(x)", "filter: progid:x", "background: javascript:alert(1)",
  // what is not well written
  "color: red}body{position:fixed", "color: \"a\nb\"", "color", "color:", ":red", "color: red !very", "color: {a}", "color: <b>", "color: \\",
])("%s goes", (text) => expect(style(text)).toBe(""));

test("a declaration that is wrong takes no other with it, but what it hides", () => {
  expect(style("color:red;;position:fixed;width:2px")).toBe("color:red;width:2px");
  expect(style('font-family: "a;position:fixed;"; color: red')).toBe('font-family:"a;position:fixed;";color:red');
  expect(style("color: red /* ; position: fixed; */; width: 2px")).toBe("color:red;width:2px");
  expect(style("background: rgb(1;position:fixed); color:red")).toBe("color:red");
});

test("a string is written so that nothing can end it", () => {
  expect(style("font-family: '</style><img>\\22 \\a x'")).toBe('font-family:"\\3c /style\\3e \\3c img\\3e \\22 \\a x"');
});

test("pictures from elsewhere are told, and fetched when they may be, by https", () => {
  expect(cleanDeclarations("background: url(http://x.test/a')b.png)", apart)).toEqual({ css: "", hasRemote: true });
  expect(style("background: url('http://x.test/a.png') no-repeat", true)).toBe('background:url("https://x.test/a.png") no-repeat');
  expect(style("background: url('https://x.test/\\22);position:fixed')", true)).toBe('background:url("https://x.test/%22%29;position:fixed")');
  expect(style("background: url(/mail/x)", true)).toBe("");
});

test.each([
  ["p { color: red } .a, td.b > #c { width: 1px }", "p{color:red}.a,td.b>#c{width:1px}".replace(">", " > ")],
  ["<!-- body { background: #eee } -->", ".letter-body{background:#eee}"],
  ["@media only screen and (max-width: 480px) { .w { width: 100% !important } }", "@media only screen and (max-width: 480px){.w{width:100%!important}}"],
  ["@media (max-device-width:600px){a{color:red}}", "@media (max-width:600px){a{color:red}}"],
  ["a:hover{color:red}", "a:hover{color:red}"],
  ["@import 'https://x.test'; p{color:red}", "p{color:red}"],
  ["@font-face{font-family:x;src:url(https://x.test)} p{color:red}", "p{color:red}"],
  [".a{color:red} .b{color:", ".a{color:red}"],
])("of %s stays what is understood", (text, want) => expect(sheet(text).replace(/\s+/g, " ")).toBe(want));

test.each([
  "p::before{content:'x'}", "[class=x]{color:red}", "@media print{p{color:red}}", "@media (prefers-color-scheme: dark){p{color:red}}", "@supports (x:y){p{color:red}}", "@keyframes a{from{color:red}}",
  "@media screen{@media screen{p{color:red}}}", ":root{color:red}", "p:has(a){color:red}", "p:nth-child(2){color:red}", "@layer a{p{color:red}}", "p{position:fixed}", "@namespace url(x);",
  "p{color:red".repeat(3).replace(/red/g, "url(x)"), "}p{", "{color:red}", "p\\{a{color:red}",
])("%s says nothing", (text) => expect(sheet(text).replace("@media screen{}", "")).toBe(""));

test("what hides does not ask where it stands, so that a letter shows the same when it is sent on", () => {
  expect(sheet(".a{display:none}")).toBe(".a{display:none}");
  expect(sheet("div .a{display:none;color:red}")).toBe("div .a{color:red}");
  expect(sheet("div>.a{visibility:HIDDEN}")).toBe("");
});

test("a sheet speaks of what is its own, where several letters stand on one paper", () => {
  const { css } = cleanSheet("h1,body>p{color:red}@media (max-width:9px){*{color:red}}", { remote: false, scope: ".letter-2" });
  expect(css).toBe(".letter-2 h1,.letter-2 .letter-body>p{color:red}@media (max-width:9px){.letter-2 *{color:red}}");
  expect(cleanSheet(">p{color:red} ~p{color:red} +p{color:red}", { remote: false, scope: ".letter-2" }).css).toBe("");
});

test("a sheet of any length is read in time", () => {
  const began = performance.now();
  expect(sheet("a{color:red}".repeat(100_000))).toBe("");
  expect(sheet("a{color:red}".repeat(10_000)).length).toBeLessThan(60_000);
  sheet("{".repeat(199_000));
  sheet("/*".repeat(90_000));
  sheet("url(".repeat(40_000));
  sheet("a{".repeat(90_000));
  expect(performance.now() - began).toBeLessThan(5_000);
});
