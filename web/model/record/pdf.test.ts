import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PDFDocument, PDFName, PDFString } from "@cantoo/pdf-lib";
import { beforeAll, expect, test as always } from "vitest";
import { letterPdf, type Fonts, type Paper, type Words } from "./pdf.js";
import { mostPages } from "./writer.js";

const test = always.skipIf(spawnSync("pdftotext", ["-v"]).error); // make packages installs it

const font = (name: string) => new Uint8Array(readFileSync(join(import.meta.dirname, `../../node_modules/dejavu-fonts-ttf/ttf/${name}.ttf`)));
let fonts: Fonts;
beforeAll(() => {
  fonts = { regular: font("DejaVuSans"), bold: font("DejaVuSans-Bold") };
});

const words: Words = {
  files: "Attached",
  placed: (name, place) => (place.is === "pages" ? `${name}: ${place.pages} pages` : `${name}: within`),
  lost: (n) => `${n} signs are lost`,
  page: (n, of) => `Page ${n} of ${of}`,
  tooLong: "It goes on.",
};

const paper = (more: Partial<Paper> = {}): Paper => ({
  title: "Discharge of Mr Birch", head: "Pharmacy FAA01 (Birch, Leeds)", foot: "NHS number 943 476 5919", facts: [["From", "Dr Lee <lee@ward.test>"], ["Date", "27 November 2026"]],
  body: "He takes warfarin.\n\nTŷ Ängström, Ωμέγα, Привет.", files: [], language: "en-GB", made: Date.UTC(2026, 10, 27, 14, 2), ...more,
});

/** What poppler, which is not ours, finds in a PDF. */
function poppler(program: string, octets: Uint8Array, ...more: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "pdf-"));
  try {
    writeFileSync(join(folder, "x.pdf"), octets);
    return execFileSync(program, [...more.slice(0, -1), join(folder, "x.pdf"), ...more.slice(-1)].filter(Boolean), { encoding: "utf8" });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The text of each page. */
const textsOf = (octets: Uint8Array) => poppler("pdftotext", octets, "-").split("\f").slice(0, -1);

async function pdfWith(text: string, more: (doc: PDFDocument) => void = () => {}): Promise<Uint8Array> {
  const doc = await PDFDocument.create();
  doc.addPage([300, 200]).drawText(text, { x: 20, y: 100, size: 12 });
  more(doc);
  return doc.save();
}

const png = Uint8Array.from(atob("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="), (c) => c.charCodeAt(0));

test("a letter is one page that another program reads", async () => {
  const { octets, pages, lost } = await letterPdf(paper(), fonts, words);
  const [text = ""] = textsOf(octets);
  expect([pages, lost]).toEqual([1, 0]);
  for (const part of ["Pharmacy FAA01 (Birch, Leeds)", "Discharge of Mr Birch", "Dr Lee <lee@ward.test>", "He takes warfarin.", "Tŷ Ängström, Ωμέγα, Привет.", "NHS number 943 476 5919", "Page 1 of 1"]) {
    expect(text).toContain(part);
  }
  const doc = await PDFDocument.load(octets);
  expect(doc.getTitle()).toBe("Discharge of Mr Birch");
  expect(octets.length).toBeLessThan(60_000); // of the fonts only what is used
});

test("files are pages behind it, or stand within", async () => {
  const files = [
    { name: "discharge.pdf", type: "application/pdf", octets: await pdfWith("Bisoprolol 2.5 mg"), as: "pdf" as const },
    { name: "scan.png", type: "image/png", octets: png, as: "png" as const },
    { name: "notes.docx", type: "application/octet-stream", octets: new TextEncoder().encode("a word file") },
    { name: "broken.pdf", type: "application/pdf", octets: new TextEncoder().encode("%PDF-1.7 no more"), as: "pdf" as const },
  ];
  const { octets, pages, places } = await letterPdf(paper({ files }), fonts, words);
  const texts = textsOf(octets);
  expect(pages).toBe(3);
  expect(places.map((p) => p.is)).toEqual(["pages", "pages", "within", "within"]);
  expect(texts[0]).toContain("discharge.pdf: 1 pages");
  expect(texts[0]).toContain("notes.docx: within");
  expect(texts[1]).toContain("Bisoprolol 2.5 mg");
  expect(texts[2]).toContain("scan.png");
  expect(poppler("pdfdetach", octets, "-list", "").match(/\S+\.\w+$/gm)?.sort()).toEqual(["broken.pdf", "notes.docx"]);
});

test("a scan of several pages is named once", async () => {
  const page = { name: "fax.tif", type: "image/tiff", octets: png, as: "png" as const };
  const { octets } = await letterPdf(paper({ files: [page, { ...page, more: true }, { ...page, more: true }] }), fonts, words);
  expect(textsOf(octets)[0]?.match(/fax\.tif.*/g)).toEqual(["fax.tif: 3 pages"]);
});

test("a document of too many pages stands within", async () => {
  const many = await pdfWith("x", (doc) => Array.from({ length: mostPages }, () => doc.addPage([10, 10])));
  const { places } = await letterPdf(paper({ files: [{ name: "many.pdf", type: "application/pdf", octets: many, as: "pdf" }, { name: "scan.png", type: "image/png", octets: png, as: "png" }] }), fonts, words);
  expect(places.map((p) => p.is)).toEqual(["within", "pages"]);
});

test("what was filled into a form stays", async () => {
  const doc = await PDFDocument.create();
  const page = doc.addPage([300, 200]);
  const field = doc.getForm().createTextField("dose");
  field.setText("75 micrograms");
  field.addToPage(page, { x: 20, y: 100, width: 200, height: 20 });
  const files = [{ name: "form.pdf", type: "application/pdf", octets: await doc.save(), as: "pdf" as const }];
  const texts = textsOf((await letterPdf(paper({ files }), fonts, words)).octets);
  expect(texts[1]).toContain("75 micrograms");
});

test("a page that came along does nothing", async () => {
  const octets = await pdfWith("Press here", (doc) => {
    const act = (s: string, more: object) => doc.context.obj({ Type: "Action", S: s, ...more });
    const annotation = (A: unknown) => doc.context.register(doc.context.obj({ Type: "Annot", Subtype: "Link", Rect: [0, 0, 100, 100], A } as never));
    doc.getPage(0).node.set(PDFName.of("Annots"), doc.context.obj([annotation(act("JavaScript", { JS: PDFString.of("app.alert(1)") })), annotation(act("Launch", {})), annotation(act("URI", { URI: PDFString.of("https://nhs.uk/") }))]));
    doc.getPage(0).node.set(PDFName.of("AA"), doc.context.obj({ O: act("JavaScript", { JS: PDFString.of("app.alert(2)") }) }));
  });
  const made = await letterPdf(paper({ files: [{ name: "x.pdf", type: "application/pdf", octets, as: "pdf" }] }), fonts, words);
  const doc = await PDFDocument.load(made.octets);
  const all = doc.context.enumerateIndirectObjects().map(([, o]) => String(o)).join("\n");
  expect(all).not.toMatch(/JavaScript|Launch|alert/);
  expect(all).toContain("https://nhs.uk/");
});

test("a long letter goes on, and an endless one ends", async () => {
  const long = await letterPdf(paper({ body: Array.from({ length: 200 }, (_, i) => `Line ${i}`).join("\n") }), fonts, words);
  expect(long.pages).toBeGreaterThan(2);
  expect(textsOf(long.octets).at(-1)).toContain("Line 199");
  const endless = await letterPdf(paper({ body: "x\n".repeat(40_000) }), fonts, words);
  expect(endless.pages).toBe(mostPages);
  expect(textsOf(endless.octets).at(-1)).toContain("It goes on.");
});

test("columns stand below each other", async () => {
  const { octets } = await letterPdf(paper({ body: "Warfarin\t3 mg\nBisoprolol\t2.5 mg\nA medicine of a long name\tonce" }), fonts, words);
  const left = (word: string) => Number(new RegExp(`xMin="([\\d.]+)"[^>]*>${word}<`).exec(poppler("pdftotext", octets, "-bbox", "-"))?.[1]);
  expect(left("3")).toBeCloseTo(left("2\\.5"), 0);
  expect(left("once")).toBeGreaterThan(left("2\\.5"));
});

test("signs that the font has not are counted and said", async () => {
  const { octets, lost } = await letterPdf(paper({ body: "漢字 and more" }), fonts, words);
  expect(lost).toBe(2);
  expect(textsOf(octets)[0]).toContain("2 signs are lost");
  expect(textsOf(octets)[0]).toContain("□□ and more");
});
