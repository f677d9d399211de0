import { expect, test } from "vitest";
import type { EmailBodyPart } from "../jmap/types.js";
import { htmlOf, isCut, textOf, type Bodies } from "./bodies.js";

const part = (partId: string, type: string) => ({ partId, type }) as EmailBodyPart;
const value = (value: string, isTruncated = false) => ({ value, isTruncated, isEncodingProblem: false });
const letter = (html: EmailBodyPart[], text: EmailBodyPart[], bodyValues: Bodies["bodyValues"]): Bodies => ({ htmlBody: html, textBody: text, bodyValues });

test("a letter of plain text has no HTML", () => {
  const parts = [part("1", "text/plain")];
  expect(htmlOf(letter(parts, parts, { 1: value("a < b") }))).toBeUndefined();
  expect(textOf(letter(parts, parts, { 1: value("a < b") }))).toBe("a < b");
});

test("what is plain between HTML stays plain, and pictures are no text", () => {
  const parts = [part("1", "text/html"), part("2", "image/png"), part("3", "text/plain")];
  expect(htmlOf(letter(parts, parts, { 1: value("<b>x</b>"), 3: value("<script>") }))).toBe("<b>x</b><hr><pre>&lt;script&gt;</pre>");
});

test("of HTML alone the words can be read", () => {
  const parts = [part("1", "text/html")];
  expect(textOf(letter(parts, parts, { 1: value("<style>a{}</style><p>One</p>  <p>two") })).trim()).toBe("One two");
});

test("what lacks is known", () => {
  const parts = [part("1", "text/html")];
  expect(isCut(letter(parts, parts, { 1: value("x", true) }))).toBe(true);
  expect(isCut(letter(parts, parts, {}))).toBe(false);
});
