// Makes what is filed to a record away from the page, which ends this worker when it takes too long.

import bold from "dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf?url";
import regular from "dejavu-fonts-ttf/ttf/DejaVuSans.ttf?url";
import { t } from "../../locales/text.js";
import { zipped } from "../../model/files/zip.js";
import { documentReference, type Form } from "../../model/record/fhir.js";
import { letterPdf, type Words } from "../../model/record/pdf.js";
import type { Answer, Order, Ready, ReadyFile } from "./order.js";

const words: Words = {
  files: t.paper.files,
  placed: (name, place) => (place.is === "pages" ? t.paper.asPages(name, place.pages) : t.paper.within(name)),
  lost: t.paper.lost,
  page: t.paper.page,
  tooLong: t.paper.tooLong,
};

async function font(url: string): Promise<Uint8Array> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}

/** Browsers have no digests on pages that did not come over TLS. */
async function sha1(octets: Uint8Array): Promise<Uint8Array | undefined> {
  return crypto.subtle && new Uint8Array(await crypto.subtle.digest("SHA-1", octets as Uint8Array<ArrayBuffer>));
}

async function made({ name, formats, paper, original, facts }: Order): Promise<Ready> {
  const files: ReadyFile[] = [];
  const forms: Form[] = [];
  let lost = 0;
  if (paper) {
    const pdf = await letterPdf(paper, { regular: await font(regular), bold: await font(bold) }, words);
    lost = pdf.lost;
    forms.push({ name: `${name}.pdf`, type: "application/pdf", octets: pdf.octets });
  }
  if (original) forms.push({ name: `${name}.eml`, type: "message/rfc822", octets: original });
  files.push(...forms.filter((f) => formats.includes(f.type === "application/pdf" ? "pdf" : "eml")));
  if (formats.includes("fhir")) {
    const json = JSON.stringify(await documentReference({ ...facts, forms }, sha1), null, 2);
    files.push({ name: `${name}.json`, type: "application/fhir+json", octets: new TextEncoder().encode(json) });
  }
  const zip = files.length > 1 ? { name: `${name}.zip`, type: "application/zip", octets: zipped(files) } : undefined;
  return { files, ...(zip && { zip }), lost };
}

self.onmessage = async ({ data }: MessageEvent<Order>) => {
  let answer: Answer;
  try {
    answer = { value: await made(data) };
  } catch {
    answer = { failed: true };
  }
  postMessage(answer);
};
