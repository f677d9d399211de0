// Texts of documents as paragraphs: OpenDocument (ISO 26300), slides of Office Open XML (ECMA-376), and RTF 1.9. How they look is left out.

import { most, type Block } from "./parts.js";
import type { Parts } from "./sheets.js";
import { readXML } from "./xml.js";

/** The text of an .odt or .odp file. */
export function textOfOpenDocument(parts: Parts): Block[] {
  const xml = parts.get("content.xml");
  if (xml === undefined) throw new Error("This is no document.");
  const blocks: Block[] = [];
  let [now, level, inText, aside, lists] = ["", 0, 0, 0, 0];
  readXML(xml, {
    open: (name, a) => {
      if (/^(?:annotation|tracked-changes|notes-configuration|notes)$/.test(name)) aside++;
      if (aside > 0) return;
      if (name === "p" || name === "h") [now, level, inText] = ["", name === "h" ? Math.min(6, Number(a["outline-level"] ?? 1) || 1) : 0, inText + 1];
      else if (name === "list") lists++;
      else if (name === "s") now += " ".repeat(Math.min(99, Number(a.c ?? 1)));
      else if (name === "tab") now += "\t";
      else if (name === "line-break") now += "\n";
      else if (name === "page" && a.name) blocks.push({ level: 2, text: a.name });
    },
    close: (name) => {
      if (/^(?:annotation|tracked-changes|notes-configuration|notes)$/.test(name)) aside--;
      else if (aside > 0) return;
      else if (name === "list") lists--;
      else if (name === "p" || name === "h") {
        inText--;
        if (blocks.length < most.blocks) blocks.push({ level, text: now, ...(lists > 0 && { item: true as const }) });
        now = "";
      }
    },
    text: (t) => {
      if (inText > 0 && aside === 0) now += t;
    },
  });
  return blocks;
}

/** The text of the slides of a .pptx file. */
export function textOfSlides(parts: Parts, slide: (n: number) => string): Block[] {
  const names = [...parts.keys()].filter((p) => /^ppt\/slides\/slide\d+\.xml$/.test(p)).sort((a, b) => Number(/\d+/.exec(a)) - Number(/\d+/.exec(b)));
  if (names.length === 0) throw new Error("This is no presentation.");
  const blocks: Block[] = [];
  names.forEach((path, i) => {
    blocks.push({ level: 2, text: slide(i + 1) });
    let [now, inText] = ["", false];
    readXML(parts.get(path) ?? "", {
      open: (name) => {
        if (name === "t") inText = true;
        if (name === "br") now += "\n";
      },
      close: (name) => {
        if (name === "t") inText = false;
        if (name === "p" && now.trim() && blocks.length < most.blocks) blocks.push({ level: 0, text: now });
        if (name === "p") now = "";
      },
      text: (t) => {
        if (inText) now += t;
      },
    });
  });
  return blocks;
}

const silent = new Set(
  "fonttbl colortbl stylesheet info pict object header headerl headerr headerf footer footerl footerr footerf footnote annotation themedata colorschememapping datastore latentstyles listtable listoverridetable rsidtbl generator xmlnstbl fldinst mmathPr".split(" "),
);
const signs: Record<string, string> = { tab: "\t", line: "\n", emdash: "—", endash: "–", bullet: "•", lquote: "‘", rquote: "’", ldblquote: "“", rdblquote: "”", emspace: " ", enspace: " ", cell: "\t", nestcell: "\t" };
const pages: Record<string, string> = { 874: "windows-874", 932: "shift_jis", 936: "gbk", 949: "euc-kr", 950: "big5", 65001: "utf-8", 10000: "macintosh" };

/** The text of an RTF file. */
export function textOfRTF(source: string): Block[] {
  if (!source.startsWith("{\\rtf")) throw new Error("This is no RTF.");
  const blocks: Block[] = [];
  let [now, at, skip, letters] = ["", 0, 0, 0];
  let state = { silent: false, unicode: 1 };
  const stack: (typeof state)[] = [];
  let octets: number[] = [];
  let decoder = new TextDecoder("windows-1252");
  const flush = () => {
    if (octets.length) now += decoder.decode(new Uint8Array(octets));
    octets = [];
  };
  const put = (text: string) => {
    flush();
    if (!state.silent) now += text;
  };
  const end = () => {
    flush();
    letters += now.length;
    if (blocks.length < most.blocks && letters < most.letters) blocks.push({ level: 0, text: now.trimEnd() });
    now = "";
  };
  const word = /\\([a-zA-Z]{1,32})(-?\d{1,10})? ?/y;
  while (at < source.length) {
    const c = source[at] as string;
    if (c === "{") {
      stack.push(state);
      state = { ...state };
      at++;
    } else if (c === "}") {
      flush();
      state = stack.pop() ?? state;
      at++;
    } else if (c !== "\\") {
      at++;
      if (c === "\r" || c === "\n") continue;
      if (skip > 0) skip--;
      else put(c);
    } else if (source[at + 1] === "'") {
      const octet = Number.parseInt(source.slice(at + 2, at + 4), 16);
      at += 4;
      if (skip > 0) skip--;
      else if (!state.silent && octet >= 0) octets.push(octet);
    } else {
      word.lastIndex = at;
      const m = word.exec(source);
      if (!m) {
        const sign = source[at + 1] ?? "";
        at += 2;
        if (sign === "*") state.silent = true;
        else if (sign === "~") put("\u00a0");
        else if (sign === "_") put("-");
        else if (/[\\{}]/.test(sign)) put(sign);
        else if (/[\r\n]/.test(sign) && !state.silent) end();
        continue;
      }
      at += m[0].length;
      const [, name = "", number] = m;
      if (silent.has(name)) {
        flush();
        state.silent = true;
      } else if (name === "bin") at += Math.max(0, Number(number ?? 0));
      else if (name === "ansicpg") decoder = decoderOf(number ?? "1252");
      else if (name === "uc") state.unicode = Math.max(0, Number(number ?? 1));
      else if (name === "u") {
        const code = Number(number ?? 0);
        put(String.fromCharCode(code < 0 ? code + 65_536 : code));
        skip = state.unicode;
      } else if (state.silent) continue;
      else if (/^(?:par|row|sect|page)$/.test(name)) end();
      else if (signs[name]) put(signs[name]);
    }
  }
  end();
  return blocks;
}

function decoderOf(page: string): TextDecoder {
  try {
    return new TextDecoder(pages[page] ?? `windows-${page}`);
  } catch {
    return new TextDecoder("windows-1252");
  }
}

/** Text of a file whose character set may be told: by its mark, as UTF-8, else as Windows writes it. */
export function decodedText(octets: Uint8Array, charset?: string): string {
  const mark = octets[0] === 0xff && octets[1] === 0xfe ? "utf-16le" : octets[0] === 0xfe && octets[1] === 0xff ? "utf-16be" : undefined;
  for (const name of [mark, "utf-8", charset]) {
    if (!name) continue;
    try {
      return new TextDecoder(name, { fatal: true }).decode(octets);
    } catch {} // the next one
  }
  return new TextDecoder("windows-1252").decode(octets);
}
