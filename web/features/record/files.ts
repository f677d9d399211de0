// The files of a letter, as they can stand in its PDF.

import { t } from "../../locales/text.js";
import type { PaperFile } from "../../model/record/pdf.js";
import type { AccountId, BlobId } from "../../jmap/client.js";
import type { Letter } from "../../store/letters.js";
import type { Server } from "../../store/server.js";
import { read } from "../viewer/work.js";

const mostOctets = 60_000_000; // of all files together
const mostPixels = 40_000_000; // of one picture

/** The letter's files can't be put into a PDF: they are too large, or could not be fetched. */
export class NoFiles extends Error {
  readonly why: "large" | "away";

  constructor(why: "large" | "away") {
    super(why);
    this.why = why;
  }
}

interface Part {
  blobId: BlobId;
  name: string;
  type: string;
  size: number;
}

/** All that came with a letter, pictures within its text among it, each once. */
export function partsOf(letter: Pick<Letter, "attachments" | "htmlBody">): Part[] {
  const all = new Map<BlobId, Part>();
  for (const p of [...letter.htmlBody.filter((b) => !b.type.startsWith("text/")), ...letter.attachments]) {
    if (p.blobId !== null) all.set(p.blobId, { blobId: p.blobId, name: p.name ?? t.unnamed(p.type), type: p.type, size: p.size });
  }
  return [...all.values()];
}

/** Fetches them, and makes pictures of what browsers or scanners have in other forms. */
export async function filesOf(server: Server, accountId: AccountId, letter: Letter, signal: AbortSignal): Promise<PaperFile[]> {
  const parts = partsOf(letter);
  if (parts.reduce((n, p) => n + p.size, 0) > mostOctets) throw new NoFiles("large");
  const files: PaperFile[] = [];
  for (const { blobId, name, type } of parts) {
    let octets: Uint8Array<ArrayBuffer>;
    try {
      octets = new Uint8Array(await (await server.download(accountId, blobId, signal)).arrayBuffer());
    } catch {
      throw new NoFiles("away");
    }
    files.push(...(await asShown({ name, type, octets }, octets, signal)));
  }
  return files;
}

const begins = (octets: Uint8Array, ...signs: number[]) => signs.every((s, i) => octets[i] === s);

/** What a file is, by its first octets: names and types of attachments are what somebody wrote. */
async function asShown(file: PaperFile, octets: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<PaperFile[]> {
  if (begins(octets, 0x25, 0x50, 0x44, 0x46)) return [{ ...file, as: "pdf" }];
  if (begins(octets, 0xff, 0xd8, 0xff)) return [{ ...file, as: "jpeg" }];
  if (begins(octets, 0x89, 0x50, 0x4e, 0x47)) return [{ ...file, as: "png" }];
  try {
    if (begins(octets, 0x49, 0x49, 0x2a, 0) || begins(octets, 0x4d, 0x4d, 0, 0x2a)) return await pagesOfTiff(file, octets, signal);
    if (file.type.startsWith("image/") && file.type !== "image/svg+xml") return [{ ...file, as: "png", octets: await pngOf(await createImageBitmap(new Blob([octets]))) }];
  } catch {
    // what can't be shown goes along as it is
  }
  return [file];
}

async function pagesOfTiff(file: PaperFile, octets: Uint8Array, signal: AbortSignal): Promise<PaperFile[]> {
  const pages = await read<{ width: number; height: number; pixels: Uint8ClampedArray<ArrayBuffer> }[]>({ does: "tiff", octets }, signal);
  const pictures = [];
  for (const { width, height, pixels } of pages) pictures.push(await pngOf(await createImageBitmap(new ImageData(pixels, width, height))));
  return pictures.map((png, i) => ({ ...file, as: "png" as const, octets: png, ...(i > 0 && { more: true as const }) }));
}

async function pngOf(picture: ImageBitmap): Promise<Uint8Array<ArrayBuffer>> {
  try {
    if (picture.width * picture.height > mostPixels) throw new Error("It is too large.");
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [picture.width, picture.height];
    canvas.getContext("2d")?.drawImage(picture, 0, 0);
    const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/png"));
    if (!blob) throw new Error("It can't be drawn.");
    return new Uint8Array(await blob.arrayBuffer());
  } finally {
    picture.close();
  }
}
