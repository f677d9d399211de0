import type { PDFDocumentProxy } from "pdfjs-dist/legacy/build/pdf.mjs";
import { beforeEach, expect, test } from "vitest";
import type { Field } from "../../model/files/fields.js";
import { Filled } from "./filled.js";

let filled: Filled;

beforeEach(() => {
  filled = new Filled({ annotationStorage: { setValue: () => undefined } } as unknown as PDFDocumentProxy);
});

const field = (id: string, kind: Field["kind"], exports?: string): Field => ({ id, kind, name: "consent", label: "Consent", rect: [0, 0, 1, 1], required: false, size: 0, value: false, ...(exports !== undefined && { exports }) });
const chosen = () => [...filled.snapshot()].filter(([, v]) => v === true).map(([id]) => id);

test("a radio button stays chosen when its page is drawn again", () => {
  const all = [field("r1", "radio"), field("r2", "radio")] as const;
  filled.know(all);
  filled.change(all[0], true);
  filled.know(all);
  expect(chosen()).toEqual(["r1"]);
});

test("boxes of one name that stand for something else exclude each other", () => {
  const [yes, no, yesAgain] = [field("b1", "check", "Yes"), field("b2", "check", "No"), field("b3", "check", "Yes")] as const;
  filled.know([no, yes]);
  filled.change(no, true);
  filled.change(yes, true);
  expect(chosen()).toEqual(["b1"]);
  filled.know([yesAgain]);
  expect(chosen().sort()).toEqual(["b1", "b3"]);
  filled.change(yesAgain, false);
  expect(chosen()).toEqual([]);
});

test("a field of another page takes the text of its name", () => {
  const [here, there] = [field("t1", "text"), field("t2", "text")] as const;
  filled.know([here]);
  filled.change(here, "Ben");
  filled.know([there]);
  expect(filled.snapshot().get("t2")).toBe("Ben");
});
