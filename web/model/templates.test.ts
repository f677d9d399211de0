import { expect, test } from "vitest";
import type { Mailbox } from "../jmap/types.js";
import { emptyContent, type Content, type LetterFile } from "./content.js";
import { asTemplate, templatesIn, withoutTemplate, withTemplate } from "./templates.js";

const file = (name: string, cid?: string): LetterFile => ({ key: name, name, type: "text/plain", size: 1, blobId: "B", ...(cid && { cid }) });
const letter = (own: string, more: Partial<Content> = {}): Content => ({ ...emptyContent, text: { format: "plain", own, quote: "" }, ...more });
const rich = (own: string, more: Partial<Content> = {}): Content => ({ ...emptyContent, text: { format: "rich", own, quote: "" }, ...more });

test("whom it went to, what it answered and its signature are no part of a template", () => {
  const c = letter("Your order is ready.\n\n-- \nAisha", { subject: " Ready ", to: [{ name: null, email: "a@b" }], inReplyTo: ["x"], sensitive: true, files: [file("list")], text: { format: "plain", own: "Your order is ready.\n\n-- \nAisha", quote: "> When?" } });
  expect(asTemplate(c, "Aisha")).toEqual({ ...emptyContent, subject: "Ready", text: { format: "plain", own: "Your order is ready.", quote: "" }, files: [file("list")] });
});

test("a signature that was changed stays", () => expect(asTemplate(letter("Hello\n\n-- \nAisha R"), "Aisha").text.own).toBe("Hello\n\n-- \nAisha R"));

test("of a rich one, too, and with the pictures that stand in it alone", () => {
  const c = rich('<p>Hi <img src="cid:1"></p><p></p><p></p><p>-- </p><p>Aisha</p>', { files: [file("one", "1"), file("two", "2")] });
  expect(asTemplate(c, "Aisha")).toMatchObject({ text: { own: '<p>Hi <img src="cid:1"></p>' }, files: [{ name: "one" }] });
});

test.each([
  ["plain into an empty letter", letter("\n\n-- \nAisha"), letter("Ready."), "Ready.\n\n-- \nAisha", "plain"],
  ["plain before what is written", letter("See you"), letter("Ready."), "Ready.\n\nSee you", "plain"],
  ["plain into a rich letter", rich("<p>See</p>"), letter("A & B"), "<p>A &amp; B</p><p>See</p>", "rich"],
  ["rich into a plain letter", letter("See"), rich("<p><b>A</b></p>"), "<p><b>A</b></p><p>See</p>", "rich"],
])("%s", (_, c, template, own, format) => expect(withTemplate(c, template).text).toEqual({ format, own, quote: "" }));

test("a subject that is there stays, and files come to those that are there", () => {
  const template = letter("", { subject: "Ready", files: [file("b")] });
  expect(withTemplate(letter("", { subject: "Yours" }), template).subject).toBe("Yours");
  expect(withTemplate(letter("", { subject: " ", files: [file("a")] }), template)).toMatchObject({ subject: "Ready", files: [{ name: "a" }, { name: "b" }] });
});

test("the folder is known by its name, outermost and without a role", () => {
  const folder = (id: string, name: string, parentId: string | null = null, role: Mailbox["role"] = null) => ({ id, name, parentId, role }) as Mailbox;
  expect(templatesIn([folder("1", "Templates", "0"), folder("2", "Templates", null, "archive"), folder("3", "templates")])?.id).toBe("3");
  expect(templatesIn([])).toBeUndefined();
});

test("a template is taken out with its own files alone, and with its words while nobody wrote on", () => {
  const template = letter("Ready.", { subject: "Ready", files: [file("list")] });
  const before = letter("See you");
  const put = { ...before, ...withTemplate(before, template) };
  const since = { ...put, files: [...put.files, file("scan")] };
  expect(withoutTemplate(since, before, put, template)).toEqual({ isWhole: true, change: { subject: "", text: before.text, files: [file("scan")] } });
  const on = { ...since, text: { ...put.text, own: `${put.text.own}, Ben` } };
  expect(withoutTemplate(on, before, put, template)).toEqual({ isWhole: false, change: { files: [file("scan")] } });
});
