// As what a file is shown. A declared type is a word of the sender; where it says nothing the name does, and what the file begins with has the last word.

export type Kind =
  | "picture" | "tiff" | "heic" | "pdf" | "text" | "csv" | "letter" | "card" | "calendar" | "word" | "sheet" | "openSheet" | "openText" | "slides" | "rtf" | "tnef"
  /** What is not shown, and why. */
  | "oldOffice" | "outlook" | "archive" | "program" | "sound" | "locked" | "unknown";

const byType: [RegExp, Kind][] = [
  [/^image\/(?:png|jpe?g|pjpeg|gif|webp|bmp|x-ms-bmp|avif)$/, "picture"],
  [/^image\/(?:tiff|x-tiff)$/, "tiff"],
  [/^image\/hei[cf](?:-sequence)?$/, "heic"],
  [/^application\/(?:x-)?pdf$/, "pdf"],
  [/^text\/(?:csv|tab-separated-values)$|^application\/csv$/, "csv"],
  [/^message\/(?:rfc822|global)$/, "letter"],
  [/^text\/(?:x-)?vcard$|^text\/directory$/, "card"],
  [/^text\/calendar$|^application\/ics$/, "calendar"],
  [/^application\/vnd\.openxmlformats-officedocument\.wordprocessingml\.(?:document|template)$/, "word"],
  [/^application\/vnd\.openxmlformats-officedocument\.spreadsheetml\.(?:sheet|template)$/, "sheet"],
  [/^application\/vnd\.openxmlformats-officedocument\.presentationml\.(?:presentation|slideshow)$/, "slides"],
  [/^application\/vnd\.oasis\.opendocument\.spreadsheet/, "openSheet"],
  [/^application\/vnd\.oasis\.opendocument\.(?:text|presentation)/, "openText"],
  [/^(?:text|application)\/(?:rtf|richtext)$/, "rtf"],
  [/^application\/(?:ms-tnef|vnd\.ms-tnef)$/, "tnef"],
  [/^application\/(?:msword|vnd\.ms-(?:excel|powerpoint))$/, "oldOffice"],
  [/^application\/vnd\.ms-outlook$/, "outlook"],
  [/^application\/(?:zip|x-zip-compressed|x-7z-compressed|gzip|x-tar|vnd\.rar|x-rar-compressed)$/, "archive"],
  [/^(?:audio|video)\//, "sound"],
  [/^text\/(?:plain|markdown|xml|x-log)$|^application\/(?:json|xml)$|^message\/(?:delivery-status|disposition-notification)$|^text\/rfc822-headers$/, "text"],
];

const byEnd: Record<string, Kind> = {
  png: "picture", jpg: "picture", jpeg: "picture", jfif: "picture", gif: "picture", webp: "picture", bmp: "picture", avif: "picture", tif: "tiff", tiff: "tiff", heic: "heic", heif: "heic", pdf: "pdf",
  csv: "csv", tsv: "csv", eml: "letter", vcf: "card", ics: "calendar", docx: "word", dotx: "word", xlsx: "sheet", pptx: "slides", ppsx: "slides", ods: "openSheet", odt: "openText", odp: "openText", rtf: "rtf",
  doc: "oldOffice", xls: "oldOffice", ppt: "oldOffice", msg: "outlook", zip: "archive", "7z": "archive", rar: "archive", gz: "archive", tar: "archive", txt: "text", log: "text", md: "text", json: "text", xml: "text",
  html: "text", htm: "text", svg: "text", mp3: "sound", wav: "sound", m4a: "sound", mp4: "sound", mov: "sound", exe: "program", js: "program", bat: "program",
};

/** As what a file is shown, by what is said of it. */
export function kindOf(type: string, name: string | null): Kind {
  const plain = type.toLowerCase().split(";")[0]?.trim() ?? "";
  if (/^winmail\.dat$/i.test(name ?? "")) return "tnef";
  const named = byEnd[/\.([a-z0-9]{1,5})$/i.exec(name ?? "")?.[1]?.toLowerCase() ?? ""];
  const typed = byType.find(([pattern]) => pattern.test(plain))?.[1];
  if (typed === "text" && named && named !== "program") return named; // "text/plain" is said of much
  return typed ?? named ?? (plain.startsWith("text/") ? "text" : "unknown");
}

const begins = (octets: Uint8Array, ...signs: number[]): boolean => signs.every((s, i) => octets[i] === s);
const ascii = (octets: Uint8Array, from: number, to: number): string => String.fromCharCode(...octets.subarray(from, to));

const zipped: ReadonlySet<Kind> = new Set(["word", "sheet", "slides", "openSheet", "openText"]);
const textual: ReadonlySet<Kind> = new Set(["text", "csv", "letter", "card", "calendar"]);

/** As what a file is shown, by what it begins with. */
export function kindBy(octets: Uint8Array, said: Kind): Kind {
  if (said === "letter") return said; // it is read by the service
  if (begins(octets, 0x25, 0x50, 0x44, 0x46)) return "pdf";
  if (begins(octets, 0x89, 0x50, 0x4e, 0x47) || begins(octets, 0xff, 0xd8, 0xff) || /^GIF8/.test(ascii(octets, 0, 4)) || (ascii(octets, 0, 4) === "RIFF" && ascii(octets, 8, 12) === "WEBP")) return "picture";
  if (begins(octets, 0x49, 0x49, 0x2a, 0) || begins(octets, 0x4d, 0x4d, 0, 0x2a)) return "tiff";
  if (ascii(octets, 4, 8) === "ftyp" && /^(?:hei[cxms]|hev[cx]|mif1|msf1)$/.test(ascii(octets, 8, 12))) return "heic";
  if (begins(octets, 0x78, 0x9f, 0x3e, 0x22)) return "tnef";
  if (ascii(octets, 0, 5) === "{\\rtf") return "rtf";
  if (begins(octets, 0xd0, 0xcf, 0x11, 0xe0)) return zipped.has(said) ? "locked" : said === "outlook" ? "outlook" : "oldOffice"; // a document with a password is kept in this form
  if (begins(octets, 0x50, 0x4b)) return zipped.has(said) ? said : "archive";
  if (begins(octets, 0x4d, 0x5a)) return "program";
  if (zipped.has(said) || said === "pdf" || said === "tiff" || said === "tnef" || said === "rtf") return octets.subarray(0, 512).includes(0) ? "unknown" : "text";
  if (textual.has(said) && !begins(octets, 0xff, 0xfe) && !begins(octets, 0xfe, 0xff) && octets.subarray(0, 512).includes(0)) return "unknown";
  return said;
}

const mega = 1_000_000;
/** How much of a kind is shown at most, in octets. */
export function mostOf(kind: Kind): number {
  if (kind === "text" || kind === "csv" || kind === "card" || kind === "calendar") return 10 * mega;
  if (zipped.has(kind) || kind === "rtf") return 20 * mega;
  return 40 * mega;
}

/** Width and height of a picture by its beginning; undefined where they are not told there. */
export function sizeOfPicture(octets: Uint8Array): [width: number, height: number] | undefined {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  try {
    if (begins(octets, 0x89, 0x50, 0x4e, 0x47)) return [view.getUint32(16), view.getUint32(20)];
    if (ascii(octets, 0, 3) === "GIF") return [view.getUint16(6, true), view.getUint16(8, true)];
    if (ascii(octets, 0, 2) === "BM") return [Math.abs(view.getInt32(18, true)), Math.abs(view.getInt32(22, true))];
    if (ascii(octets, 8, 12) === "WEBP") {
      const form = ascii(octets, 12, 16);
      if (form === "VP8X") return [1 + (view.getUint32(24, true) & 0xffffff), 1 + (view.getUint32(26, true) >>> 8)];
      if (form === "VP8 ") return [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff];
      const bits = view.getUint32(21, true);
      return [1 + (bits & 0x3fff), 1 + ((bits >>> 14) & 0x3fff)];
    }
    if (!begins(octets, 0xff, 0xd8)) return undefined;
    for (let at = 2; ; ) {
      const mark = view.getUint16(at);
      if (mark >= 0xffc0 && mark <= 0xffcf && mark !== 0xffc4 && mark !== 0xffc8 && mark !== 0xffcc) return [view.getUint16(at + 7), view.getUint16(at + 5)];
      at += 2 + view.getUint16(at + 2);
    }
  } catch {
    return undefined; // it ends before
  }
}
