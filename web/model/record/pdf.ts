// A letter with its files as one PDF: the letter as text, PDFs and pictures that came with it as pages behind it, and all else attached within.

import { AFRelationship, PDFArray, PDFDict, PDFDocument, PDFName, rgb, type PDFFont, type PDFPage } from "@cantoo/pdf-lib";
import fontkit from "@cantoo/fontkit";
import { linesOf, shown, type Measure } from "./lines.js";

/** What a file becomes in the PDF. */
export type Place = { is: "pages"; pages: number } | { is: "within" };

export interface PaperFile {
  name: string;
  type: string;
  octets: Uint8Array;
  /** Shown as pages, if it can be read as that. */
  as?: "pdf" | "jpeg" | "png";
  /** A further page of the picture before it: it is named once. */
  more?: true;
}

export interface Paper {
  title: string;
  /** Stands above the title: whose letter it is. */
  head: string;
  /** Stands below each page of the letter. */
  foot: string;
  facts: readonly (readonly [name: string, text: string])[];
  body: string;
  /** Said where the body is not whole. */
  cut?: string;
  files: readonly PaperFile[];
  language: string;
  /** In milliseconds. */
  made: number;
}

/** What the PDF says itself. */
export interface Words {
  files: string;
  placed: (name: string, place: Place) => string;
  lost: (n: number) => string;
  page: (n: number, of: number) => string;
  tooLong: string;
}

export interface Fonts {
  regular: Uint8Array;
  bold: Uint8Array;
}

export interface Made {
  octets: Uint8Array<ArrayBuffer>;
  pages: number;
  /** Signs that no page shows. */
  lost: number;
  places: Place[];
}

const sheet = { width: 595.28, height: 841.89 }; // A4, in points
const edge = 54;
const foot = 34;
const size = 10;
const small = 8;
const leading = 1.42;
const names = 92; // width of the names of facts
const stop = 72; // between the stops of tabs
const stopGap = 6; // at least between what stands before a tab and behind it
export const mostPages = 500;

const ink = rgb(0.13, 0.17, 0.2);
const soft = rgb(0.3, 0.38, 0.45);
const rule = rgb(0.78, 0.82, 0.84);

export async function letterPdf(paper: Paper, fonts: Fonts, words: Words): Promise<Made> {
  const doc = await PDFDocument.create();
  doc.registerFontkit(fontkit);
  const features = { liga: false, kern: false, clig: false, calt: false }; // each sign stands for itself, so that it can be copied and searched
  const [regular, bold] = [await doc.embedFont(fonts.regular, { subset: true, features }), await doc.embedFont(fonts.bold, { subset: true, features })];
  const behind = await Promise.all(paper.files.map((f) => readBehind(f)));
  const places = settle(paper.files, behind);
  const writer = new Writer(doc, regular, bold);
  const lost = write(writer, paper, places, words);
  const own = doc.getPageCount();
  for (const [i, file] of paper.files.entries()) await addFile(doc, writer, file, behind[i], places[i] as Place, paper.made);
  const of = doc.getPageCount();
  for (let n = 0; n < own; n++) writer.foot(doc.getPage(n), writer.clean(paper.foot), words.page(n + 1, of));
  doc.setTitle(paper.title, { showInWindowTitleBar: true });
  doc.setLanguage(paper.language);
  doc.setCreator("Haven");
  doc.setProducer("Haven");
  doc.setCreationDate(new Date(paper.made));
  doc.setModificationDate(new Date(paper.made));
  const octets = await doc.save();
  return { octets: octets as Uint8Array<ArrayBuffer>, pages: of, lost, places };
}

/** A PDF or picture that can stand behind the letter; undefined for what can't be read as that. */
async function readBehind(file: PaperFile): Promise<PDFDocument | "picture" | undefined> {
  if (file.as === "jpeg" || file.as === "png") return "picture";
  if (file.as !== "pdf") return undefined;
  try {
    return await filled(file.octets);
  } catch {
    return undefined; // locked with a password, or damaged
  }
}

/** A PDF with what was filled into its form as part of its pages, where that can be done. */
async function filled(octets: Uint8Array): Promise<PDFDocument> {
  const open = () => PDFDocument.load(octets, { updateMetadata: false });
  const doc = await open();
  if (doc.isEncrypted || doc.getPageCount() === 0) throw new Error("It can't be copied.");
  if (!doc.catalog.has(PDFName.of("AcroForm"))) return doc;
  try {
    doc.getForm().flatten();
    return doc;
  } catch {
    return open();
  }
}

/** What each file becomes, so that there are not more pages than the most. */
function settle(files: readonly PaperFile[], behind: readonly (PDFDocument | "picture" | undefined)[]): Place[] {
  let left = mostPages;
  return files.map((_, i) => {
    const of = behind[i];
    const pages = of === "picture" ? 1 : (of?.getPageCount() ?? 0);
    if (pages === 0 || pages > left) return { is: "within" };
    left -= pages;
    return { is: "pages", pages };
  });
}

/** Writes the letter; how many of its signs can't be shown. */
function write(writer: Writer, paper: Paper, places: readonly Place[], words: Words): number {
  writer.text(paper.head, { small: true });
  writer.text(paper.title, { large: true });
  writer.gap(4);
  const named = paper.files.map((f, i) => [f, places[i] as Place] as const).filter(([f]) => !f.more);
  const files = named.map(([f, place]) => words.placed(f.name, place)).join("\n");
  const facts = [...paper.facts, ...(files ? [[words.files, files] as const] : [])];
  for (const [name, text] of facts) writer.fact(name, text);
  const lost = writer.lostOf([paper.head, paper.title, ...facts.flat(), paper.body]);
  if (lost > 0) writer.text(words.lost(lost), { strong: true });
  writer.line();
  writer.text(paper.body);
  if (paper.cut) writer.text(paper.cut, { strong: true });
  if (writer.isFull) writer.last(words.tooLong);
  return lost;
}

async function addFile(doc: PDFDocument, writer: Writer, file: PaperFile, behind: PDFDocument | "picture" | undefined, place: Place, made: number): Promise<void> {
  if (place.is === "within") return attach(doc, file, made);
  if (behind === "picture") {
    try {
      const picture = file.as === "png" ? await doc.embedPng(file.octets) : await doc.embedJpg(file.octets);
      return writer.picture(picture, file.name);
    } catch {
      writer.text(file.name, { strong: true, fresh: true }); // the list says that it stands here
      return attach(doc, file, made);
    }
  }
  const from = behind as PDFDocument;
  for (const page of await doc.copyPages(from, from.getPageIndices())) doc.addPage(quieted(page));
}

function attach(doc: PDFDocument, file: PaperFile, made: number): Promise<void> {
  const at = new Date(made);
  return doc.attach(file.octets, file.name, { mimeType: file.type, creationDate: at, modificationDate: at, afRelationship: AFRelationship.Unspecified });
}

/** A page of which nothing does anything, but for links to addresses. */
function quieted(page: PDFPage): PDFPage {
  page.node.delete(PDFName.of("AA"));
  const all = page.node.lookupMaybe(PDFName.of("Annots"), PDFArray);
  for (let i = 0; i < (all?.size() ?? 0); i++) {
    const annotation = all?.lookup(i);
    if (!(annotation instanceof PDFDict)) continue;
    annotation.delete(PDFName.of("AA"));
    const does = annotation.lookup(PDFName.of("A"));
    if (does instanceof PDFDict && does.lookup(PDFName.of("S")) !== PDFName.of("URI")) annotation.delete(PDFName.of("A"));
  }
  return page;
}

interface Look {
  large?: true;
  small?: true;
  strong?: true;
  /** On a page of its own. */
  fresh?: true;
}

/** Writes from the top of a page to its end, and on the next. */
class Writer {
  readonly #doc: PDFDocument;
  readonly #regular: PDFFont;
  readonly #bold: PDFFont;
  readonly #has: ReadonlySet<number>;
  readonly #wide = new Map<PDFFont, Map<string, number>>();
  #page: PDFPage;
  #y = sheet.height - edge;
  isFull = false;

  constructor(doc: PDFDocument, regular: PDFFont, bold: PDFFont) {
    this.#doc = doc;
    this.#regular = regular;
    this.#bold = bold;
    const inBold = new Set(bold.getCharacterSet());
    this.#has = new Set(regular.getCharacterSet().filter((c) => inBold.has(c)));
    this.#page = doc.addPage([sheet.width, sheet.height]);
  }

  /** A text of which all can be shown. */
  clean(text: string): string {
    return shown(text, (c) => this.#has.has(c)).text;
  }

  /** How many signs of some texts can't be shown. */
  lostOf(texts: readonly string[]): number {
    return texts.reduce((n, text) => n + shown(text, (c) => this.#has.has(c)).lost, 0);
  }

  text(text: string, { large, small: little, strong, fresh }: Look = {}): void {
    if (fresh) this.#turn();
    const points = large ? 15 : little ? small : size;
    const font = large || strong ? this.#bold : this.#regular;
    for (const line of linesOf(this.clean(text), sheet.width - 2 * edge, this.#measure(font, points))) this.#put(line, edge, font, points, little ? soft : ink);
  }

  /** A name, and beside it what it says. */
  fact(name: string, text: string): void {
    const lines = linesOf(this.clean(text), sheet.width - 2 * edge - names, this.#measure(this.#regular, size));
    const heads = linesOf(this.clean(name), names - 8, this.#measure(this.#regular, size));
    for (let i = 0; i < Math.max(lines.length, heads.length) && this.#step(size); i++) {
      this.#draw(heads[i] ?? "", edge, this.#regular, size, soft);
      this.#draw(lines[i] ?? "", edge + names, this.#regular, size, ink);
    }
  }

  gap(points: number): void {
    this.#y -= points;
  }

  line(): void {
    this.#y -= 6;
    this.#page.drawLine({ start: { x: edge, y: this.#y }, end: { x: sheet.width - edge, y: this.#y }, thickness: 0.75, color: rule });
    this.#y -= 8;
  }

  /** What is said on the last page, over its foot. */
  last(text: string): void {
    this.#page.drawText(this.clean(text), { x: edge, y: foot + small * leading, size: small, font: this.#bold, color: ink });
  }

  foot(page: PDFPage, left: string, right: string): void {
    const measure = this.#measure(this.#regular, small);
    const [line = ""] = linesOf(left, sheet.width - 2 * edge - measure(right) - 16, measure);
    page.drawText(line, { x: edge, y: foot, size: small, font: this.#regular, color: soft });
    page.drawText(right, { x: sheet.width - edge - measure(right), y: foot, size: small, font: this.#regular, color: soft });
  }

  /** A picture on a page of its own, with its name. */
  picture(picture: Awaited<ReturnType<PDFDocument["embedPng"]>>, name: string): void {
    const turned = picture.width > picture.height;
    const page = this.#doc.addPage(turned ? [sheet.height, sheet.width] : [sheet.width, sheet.height]);
    const [width, height] = [page.getWidth() - 2 * edge, page.getHeight() - 2 * edge - 20];
    const scale = Math.min(width / picture.width, height / picture.height, 1);
    const [w, h] = [picture.width * scale, picture.height * scale];
    const [line = ""] = linesOf(this.clean(name), width, this.#measure(this.#regular, small));
    page.drawText(line, { x: edge, y: page.getHeight() - edge + 6, size: small, font: this.#regular, color: soft });
    page.drawImage(picture, { x: edge + (width - w) / 2, y: page.getHeight() - edge - 8 - h, width: w, height: h });
  }

  #put(line: string, x: number, font: PDFFont, points: number, color: typeof ink): void {
    if (this.#step(points)) this.#draw(line, x, font, points, color);
  }

  /** Goes to the next line; false where there is no page any more. */
  #step(points: number): boolean {
    if (this.isFull) return false;
    if (!this.#fits(points * leading)) {
      this.isFull = this.#doc.getPageCount() >= mostPages;
      if (this.isFull) return false;
      this.#turn();
    }
    this.#y -= points * leading;
    return true;
  }

  #fits(height: number): boolean {
    return this.#y - height >= edge + small;
  }

  #turn(): void {
    this.#page = this.#doc.addPage([sheet.width, sheet.height]);
    this.#y = sheet.height - edge;
  }

  #draw(line: string, x: number, font: PDFFont, points: number, color: typeof ink): void {
    const measure = this.#measure(font, points);
    for (let at = 0, before = ""; at < line.length; ) { // what stands behind a tab begins at its stop
      const end = line.indexOf("\t", at);
      const part = line.slice(at, end < 0 ? undefined : end);
      if (part.trim()) this.#page.drawText(part, { x: x + measure(before), y: this.#y, size: points, font, color });
      at += part.length + 1;
      before = line.slice(0, at);
    }
  }

  #measure(font: PDFFont, points: number): Measure {
    let wide = this.#wide.get(font);
    if (!wide) this.#wide.set(font, (wide = new Map()));
    return (text) => {
      let width = 0;
      for (const sign of text) {
        if (sign === "\t") {
          width = (Math.floor((width * points + stopGap) / stop) + 1) * (stop / points);
          continue;
        }
        let of = wide.get(sign);
        if (of === undefined) wide.set(sign, (of = font.widthOfTextAtSize(sign, 1)));
        width += of;
      }
      return width * points;
    };
  }
}
