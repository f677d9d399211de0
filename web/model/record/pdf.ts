// A letter with its files as one PDF: the letter as text, PDFs and pictures that came with it as pages behind it, and all else attached within.

import { AFRelationship, PDFArray, PDFDict, PDFDocument, PDFName, type PDFImage, type PDFPage } from "@cantoo/pdf-lib";
import fontkit from "@cantoo/fontkit";
import { mostPages, Writer } from "./writer.js";

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

export async function letterPdf(paper: Paper, fonts: Fonts, words: Words): Promise<Made> {
  const doc = await PDFDocument.create();
  doc.registerFontkit(fontkit);
  const features = { liga: false, kern: false, clig: false, calt: false }; // each sign stands for itself, so that it can be copied and searched
  const [regular, bold] = [await doc.embedFont(fonts.regular, { subset: true, features }), await doc.embedFont(fonts.bold, { subset: true, features })];
  const behind = await allBehind(doc, paper.files);
  const places = behind.map((b): Place => (b ? { is: "pages", pages: Array.isArray(b) ? b.length : 1 } : { is: "within" }));
  const writer = new Writer(doc, regular, bold);
  const lost = write(writer, paper, places, words);
  const own = doc.getPageCount();
  for (const [i, file] of paper.files.entries()) {
    const of = behind[i];
    if (of === undefined) await attach(doc, file, paper.made);
    else if (Array.isArray(of)) of.forEach((page) => doc.addPage(page));
    else writer.picture(of, file.name);
  }
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

/** Pages or a picture that stand behind the letter; undefined for what can't. */
type Behind = PDFPage[] | PDFImage | undefined;

/** What of the files stands behind the letter, as long as there are not too many pages. */
async function allBehind(doc: PDFDocument, files: readonly PaperFile[]): Promise<Behind[]> {
  const all: Behind[] = [];
  let left = mostPages;
  for (const file of files) {
    let of: Behind;
    try {
      of = left > 0 ? await behindOf(doc, file, left) : undefined;
    } catch {
      of = undefined; // locked with a password, or damaged
    }
    left -= Array.isArray(of) ? of.length : of ? 1 : 0;
    all.push(of);
  }
  return all;
}

async function behindOf(doc: PDFDocument, { octets, as }: PaperFile, most: number): Promise<Behind> {
  if (as === "png") return doc.embedPng(octets);
  if (as === "jpeg") return doc.embedJpg(octets);
  if (as !== "pdf") return undefined;
  const from = await filled(octets);
  if (from.getPageCount() > most) return undefined;
  return (await doc.copyPages(from, from.getPageIndices())).map(quieted);
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

/** Writes the letter; how many of its signs can't be shown. */
function write(writer: Writer, paper: Paper, places: readonly Place[], words: Words): number {
  writer.text(paper.head, { small: true });
  writer.text(paper.title, { large: true });
  writer.gap(4);
  const files = named(paper.files, places).map(([name, place]) => words.placed(name, place)).join("\n");
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

/** Each file once, with all its pages. */
function named(files: readonly PaperFile[], places: readonly Place[]): [name: string, place: Place][] {
  const all: [string, Place][] = [];
  for (const [i, file] of files.entries()) {
    const place = places[i] as Place;
    const last = file.more && all.at(-1)?.[1];
    if (!last) all.push([file.name, { ...place }]);
    else if (last.is === "pages" && place.is === "pages") last.pages += place.pages;
  }
  return all;
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
