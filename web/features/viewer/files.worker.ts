// Reads files away from the page, which ends this worker when it takes too long.

import UTIF from "utif2";
import mammoth from "mammoth/mammoth.browser.js";
import { sheetOfCSV, sheetsOfOffice, sheetsOfOpenDocument } from "../../model/files/sheets.js";
import { decodedText, textOfOpenDocument, textOfRTF, textOfSlides } from "../../model/files/texts.js";
import { filesOfTnef } from "../../model/files/tnef.js";
import { textsOf, TooBig, unpacked, zipped } from "../../model/files/zip.js";
import type { Answer, Task } from "./work.js";

const xml = /\.(?:xml|rels)$/;
const mostPixels = 60_000_000;
const mostPages = 60;

async function done(task: Task): Promise<unknown> {
  const { octets } = task;
  switch (task.does) {
    case "sheet":
      return sheetsOfOffice(textsOf(unpacked(octets, (n) => n.startsWith("xl/") && xml.test(n))));
    case "openSheet":
      return sheetsOfOpenDocument(textsOf(unpacked(octets, (n) => n === "content.xml")));
    case "csv":
      return [sheetOfCSV(decodedText(octets))];
    case "openText":
      return textOfOpenDocument(textsOf(unpacked(octets, (n) => n === "content.xml")));
    case "slides":
      return textOfSlides(textsOf(unpacked(octets, (n) => n.startsWith("ppt/slides/") && xml.test(n))), (n) => `${task.slide} ${n}`);
    case "rtf":
      return textOfRTF(decodedText(octets));
    case "tnef":
      return filesOfTnef(octets);
    case "word":
      return word(octets);
    case "tiff":
      return tiff(octets);
    case "zip":
      return zipped(task.files);
  }
}

/** HTML of a Word document. It is unpacked here first, so that no more comes out of it than is allowed. */
async function word(octets: Uint8Array): Promise<string> {
  const parts = unpacked(octets, () => true);
  const again = zipped([...parts].map(([name, part]) => ({ name, octets: part })), true);
  const { value } = await mammoth.convertToHtml({ arrayBuffer: again.slice().buffer }, { externalFileAccess: false });
  return value;
}

/** The pages of a TIFF, as pixels. */
function tiff(octets: Uint8Array): { width: number; height: number; pixels: Uint8ClampedArray }[] {
  const buffer = octets.slice().buffer;
  let left = mostPixels;
  const pages = [];
  for (const page of UTIF.decode(buffer).slice(0, mostPages)) {
    const [width = 0] = (page.t256 as number[] | undefined) ?? [];
    const [height = 0] = (page.t257 as number[] | undefined) ?? [];
    left -= width * height;
    if (left < 0) throw new TooBig();
    if (width === 0 || height === 0) continue;
    UTIF.decodeImage(buffer, page);
    pages.push({ width, height, pixels: new Uint8ClampedArray(UTIF.toRGBA8(page)) });
  }
  if (pages.length === 0) throw new Error("It has no pictures.");
  return pages;
}

self.onmessage = async ({ data }: MessageEvent<Task>) => {
  let answer: Answer;
  try {
    answer = { value: await done(data) };
  } catch (error) {
    answer = { failed: error instanceof TooBig ? "big" : "broken" };
  }
  postMessage(answer);
};
