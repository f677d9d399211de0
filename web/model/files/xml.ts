// Reads XML of office documents from its beginning to its end, without building anything of it: names, attributes and text. There are no DTDs in them, and no entities of
// their own are looked at, so that nothing grows.

export interface Visitor {
  /** The name is without its prefix. */
  open?: (name: string, attributes: Attributes) => void;
  close?: (name: string) => void;
  text?: (text: string) => void;
}

/** By name without prefix. */
export type Attributes = Record<string, string>;

const known: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

function decoded(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w{1,8}));/gi, (whole, hex?: string, digits?: string, name?: string) => {
    if (name !== undefined) return known[name] ?? whole;
    const code = hex ? Number.parseInt(hex, 16) : Number(digits);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : "\ufffd";
  });
}

const local = (name: string): string => name.slice(name.indexOf(":") + 1);
const attribute = /([^\s=/]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;

export function readXML(xml: string, { open, close, text }: Visitor): void {
  let at = 0;
  while (at < xml.length) {
    const next = xml.indexOf("<", at);
    if (next < 0) break;
    if (next > at) text?.(decoded(xml.slice(at, next)));
    if (xml.startsWith("<![CDATA[", next)) {
      const end = xml.indexOf("]]>", next);
      text?.(xml.slice(next + 9, end < 0 ? xml.length : end));
      at = end < 0 ? xml.length : end + 3;
      continue;
    }
    if (xml.startsWith("<!--", next)) {
      const end = xml.indexOf("-->", next);
      at = end < 0 ? xml.length : end + 3;
      continue;
    }
    const end = xml.indexOf(">", next);
    if (end < 0) break;
    at = end + 1;
    const tag = xml.slice(next + 1, end);
    if (tag.startsWith("?") || tag.startsWith("!")) continue;
    if (tag.startsWith("/")) {
      close?.(local(tag.slice(1).trim()));
      continue;
    }
    const name = local(/^[^\s/]+/.exec(tag)?.[0] ?? "");
    if (!name) continue;
    const attributes: Attributes = {};
    if (open) for (const [, key = "", double, single] of tag.matchAll(attribute)) attributes[local(key)] = decoded(double ?? single ?? "");
    open?.(name, attributes);
    if (tag.endsWith("/")) close?.(name);
  }
}
