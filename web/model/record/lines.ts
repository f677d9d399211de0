// A text in lines of a width, for paper.

/** How wide text is. */
export type Measure = (text: string) => number;

/** The lines of a text, none wider than a width: broken between words, or within one that is wider than a line. Tabs stay. */
export function linesOf(text: string, width: number, measure: Measure): string[] {
  return text
    .replaceAll("\r\n", "\n")
    .split(/[\n\f\v\u2028\u2029]/)
    .flatMap((paragraph) => broken(paragraph.trimEnd(), width, measure));
}

function broken(paragraph: string, width: number, measure: Measure): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of paragraph.split(/(?<=\S)(?=[ \t])/)) {
    if (measure(line + word) <= width) line += word;
    else {
      if (line) lines.push(line);
      const [last = "", ...before] = pieces(line ? word.trimStart() : word, width, measure).reverse();
      lines.push(...before.reverse());
      line = last;
    }
  }
  return [...lines, line];
}

/** A word in parts of which none is wider than a line. */
function pieces(word: string, width: number, measure: Measure): string[] {
  const parts: string[] = [];
  let part = "";
  for (const sign of word) {
    if (part && measure(part + sign) > width) {
      parts.push(part);
      part = "";
    }
    part += sign;
  }
  return [...parts, part];
}

/** What stands where a sign can't be shown. */
export const unshown = "\u25a1";

// Their signs join, turn or stand from right to left: set one after the other they say something else.
const needsMore = /[\p{sc=Arab}\p{sc=Hebr}\p{sc=Syrc}\p{sc=Thaa}\p{sc=Nkoo}\p{sc=Deva}\p{sc=Beng}\p{sc=Guru}\p{sc=Gujr}\p{sc=Orya}\p{sc=Taml}\p{sc=Telu}\p{sc=Knda}\p{sc=Mlym}\p{sc=Sinh}\p{sc=Thai}\p{sc=Laoo}\p{sc=Mymr}\p{sc=Khmr}\p{sc=Tibt}]/u;
const unseen = /[\p{Cc}\p{Cf}\ufe00-\ufe0f]/u;

/** A text of which a font can show all: what it can't is replaced, and counted. */
export function shown(text: string, has: (codePoint: number) => boolean): { text: string; lost: number } {
  let out = "";
  let lost = 0;
  for (const sign of text.normalize("NFC").replaceAll("\u00a0", " ").replaceAll("\u00ad", "")) {
    if (/[\n\t]/.test(sign)) out += sign;
    else if (unseen.test(sign)) continue;
    else if (has(sign.codePointAt(0) as number) && !needsMore.test(sign)) out += sign;
    else {
      out += unshown;
      lost++;
    }
  }
  return { text: out, lost };
}
