// Writes text and pictures on pages of paper.

import { rgb, type PDFDocument, type PDFFont, type PDFImage, type PDFPage } from "@cantoo/pdf-lib";
import { linesOf, shown, type Measure } from "./lines.js";

const sheet = { width: 595.28, height: 841.89 }; // A4, in points
const edge = 54;
const foot = 34;
const size = 10;
const small = 8;
const leading = 1.42;
const names = 92; // width of the names of facts
const stop = 72; // between the stops of tabs
const stopGap = 6; // at least between what stands before a tab and behind it
/** A PDF has at most so many pages. */
export const mostPages = 500;

const ink = rgb(0.13, 0.17, 0.2);
const soft = rgb(0.3, 0.38, 0.45);
const rule = rgb(0.78, 0.82, 0.84);

interface Look {
  large?: true;
  small?: true;
  strong?: true;
}

/** Writes from the top of a page to its end, and on the next. */
export class Writer {
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

  text(text: string, { large, small: little, strong }: Look = {}): void {
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
  picture(picture: PDFImage, name: string): void {
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
