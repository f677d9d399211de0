// Styles of letters, read by the rules of CSS Syntax Level 3 and written anew from what was understood: nothing of the sender's own writing goes into the page, so that
// no two readers of it can differ. Kept is what says how text and tables look. Left out is what fetches, lies over something else, moves, or sees the window.

export interface StyleRules {
  /** Pictures from elsewhere may be fetched. */
  remote: boolean;
  /** A selector of what a sheet may speak of; where it is not given, of everything. */
  scope?: string;
}

export interface CleanStyle {
  css: string;
  /** It asked for a picture from elsewhere. */
  hasRemote: boolean;
}

type Kind = "ident" | "function" | "hash" | "number" | "string" | "url" | "at" | "space" | "punct" | "bad";
interface Token {
  kind: Kind;
  text: string;
  /** Of a number. */
  unit?: string;
}

const longestSheet = 200_000; // characters
const mostRules = 3_000;

const properties = new Set(
  (
    "color background background-color background-image background-position background-repeat background-size " +
    "border border-top border-right border-bottom border-left border-color border-style border-width border-radius border-collapse border-spacing " +
    "border-top-color border-right-color border-bottom-color border-left-color border-top-style border-right-style border-bottom-style border-left-style " +
    "border-top-width border-right-width border-bottom-width border-left-width border-top-left-radius border-top-right-radius border-bottom-left-radius border-bottom-right-radius " +
    "margin margin-top margin-right margin-bottom margin-left padding padding-top padding-right padding-bottom padding-left " +
    "width min-width max-width height min-height max-height box-sizing display float clear visibility overflow overflow-x overflow-y vertical-align table-layout caption-side empty-cells " +
    "font font-family font-size font-style font-weight font-variant line-height letter-spacing word-spacing text-align text-decoration text-decoration-line text-decoration-color " +
    "text-decoration-style text-transform text-indent white-space word-break word-wrap overflow-wrap hyphens direction list-style list-style-type list-style-position " +
    "align-items align-content align-self justify-content flex flex-direction flex-wrap flex-grow flex-shrink flex-basis gap row-gap column-gap"
  ).split(" "),
);
const measured = /^(?:(?:min-|max-)?(?:width|height)|padding.*|font-size|line-height)$/; // never less than nothing, so that they may be reckoned
const functions = /^(?:rgba?|hsla?|linear-gradient)$/;
const reckoning = /^(?:calc|min|max|clamp)$/;
const units = new Set(["", "%", "px", "pt", "pc", "em", "rem", "ex", "ch", "in", "cm", "mm", "q", "vw", "deg"]); // vh would grow with the frame, whose height follows what it shows
const plainName = /^-{0,2}[\p{L}_][\p{L}\p{N}_-]*$/u;

/** Reads tokens (CSS Syntax §4). What is not well written is "bad". */
function tokensOf(text: string): Token[] {
  const all: Token[] = [];
  let at = 0;
  const escaped = (): string => {
    const hex = /^\\([0-9a-f]{1,6})\s?/i.exec(text.slice(at, at + 8));
    if (hex) {
      at += hex[0].length;
      const code = Number.parseInt(hex[1] as string, 16);
      return code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : "\ufffd";
    }
    const c = text[at + 1] ?? "\ufffd";
    at += 2;
    return c;
  };
  const name = (): string => {
    let out = "";
    while (at < text.length) {
      const c = text[at] as string;
      if (/[\w-]/.test(c) || c > "\x7f") {
        out += c;
        at++;
      } else if (c === "\\" && text[at + 1] !== "\n") out += escaped();
      else break;
    }
    return out;
  };
  const string = (quote: string): Token => {
    let out = "";
    for (at++; at < text.length; ) {
      const c = text[at] as string;
      if (c === quote) {
        at++;
        return { kind: "string", text: out };
      }
      if (/[\n\r\f]/.test(c)) return { kind: "bad", text: "" };
      if (c === "\\" && text[at + 1] === "\n") at += 2;
      else if (c === "\\") out += escaped();
      else {
        out += c;
        at++;
      }
    }
    return { kind: "string", text: out };
  };
  const address = (): Token => {
    while (/\s/.test(text[at] ?? "")) at++;
    if (text[at] === '"' || text[at] === "'") {
      const { kind, text: inner } = string(text[at] as string);
      while (/\s/.test(text[at] ?? "")) at++;
      if (text[at] !== ")") return { kind: "bad", text: "" };
      at++;
      return { kind: kind === "string" ? "url" : "bad", text: inner };
    }
    let out = "";
    while (at < text.length && text[at] !== ")") out += text[at] === "\\" ? escaped() : text[at++];
    at++;
    return { kind: "url", text: out.trim() };
  };
  while (at < text.length) {
    const c = text[at] as string;
    const rest = text.slice(at, at + 4);
    const number = /^[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:e[+-]?\d+)?/i.exec(text.slice(at, at + 32));
    if (rest.startsWith("/*")) {
      const end = text.indexOf("*/", at + 2);
      at = end < 0 ? text.length : end + 2;
    } else if (rest.startsWith("<!--")) at += 4;
    else if (rest.startsWith("-->")) at += 3;
    else if (/\s/.test(c)) {
      while (/\s/.test(text[at] ?? "")) at++;
      all.push({ kind: "space", text: " " });
    } else if (c === '"' || c === "'") all.push(string(c));
    else if (number) {
      at += number[0].length;
      const unit = text[at] === "%" ? (at++, "%") : name().toLowerCase();
      all.push({ kind: "number", text: String(Number(number[0])), unit });
    } else if (c === "#") {
      at++;
      all.push({ kind: "hash", text: name() });
    } else if (c === "@") {
      at++;
      all.push({ kind: "at", text: name().toLowerCase() });
    } else if (/^(?:\w|-[\w\\-])/.test(rest) || c > "\x7f" || (c === "\\" && text[at + 1] !== "\n")) {
      const word = name();
      if (text[at] !== "(") all.push({ kind: "ident", text: word });
      else {
        at++;
        all.push(word.toLowerCase() === "url" ? address() : { kind: "function", text: word.toLowerCase() });
      }
    } else {
      at++;
      all.push({ kind: "punct", text: c });
    }
  }
  return all;
}

function quoted(text: string): string {
  return `"${text.replace(/[^\p{L}\p{N} _.,:;/?&=%+~@!*-]/gu, (c) => `\\${(c.codePointAt(0) as number).toString(16)} `)}"`;
}

const pictured = new Set(["background", "background-image"]);

/** A value written anew; undefined where something in it is not to be. */
function valueOf(property: string, tokens: readonly Token[], rules: StyleRules, found: { remote: boolean }): string | undefined {
  let out = "";
  for (const t of tokens) {
    switch (t.kind) {
      case "space":
        out += " ";
        break;
      case "ident":
        if (!plainName.test(t.text) || /^expression$/i.test(t.text)) return undefined;
        out += t.text;
        break;
      case "number":
        if (!units.has(t.unit ?? "") || Number(t.text) < 0 || !/^[\d.]+$/.test(t.text)) return undefined;
        out += t.text + (t.unit ?? "");
        break;
      case "hash":
        if (!/^[0-9a-f]{3,8}$/i.test(t.text)) return undefined;
        out += `#${t.text}`;
        break;
      case "string":
        out += quoted(t.text);
        break;
      case "function":
        if (!functions.test(t.text) && !(reckoning.test(t.text) && measured.test(property))) return undefined;
        out += `${t.text}(`;
        break;
      case "url": {
        if (!pictured.has(property) || !/^https?:\/\//i.test(t.text)) return undefined;
        found.remote = true;
        if (!rules.remote || !URL.canParse(t.text)) return undefined;
        const to = new URL(t.text);
        to.protocol = "https:";
        out += `url("${to.href.replace(/["'()\\<>\s]/g, (c) => `%${c.charCodeAt(0).toString(16)}`)}")`;
        break;
      }
      case "punct":
        if (!/^[,/()+*-]$/.test(t.text)) return undefined;
        out += t.text;
        break;
      default:
        return undefined;
    }
  }
  return out.trim() || undefined;
}

/** Splits at a sign that stands in no brackets. */
function split(tokens: readonly Token[], sign: string): Token[][] {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const t of tokens) {
    if (t.kind === "function" || (t.kind === "punct" && /[([{]/.test(t.text))) depth++;
    if (t.kind === "punct" && /[)\]}]/.test(t.text)) depth--;
    if (depth === 0 && t.kind === "punct" && t.text === sign) parts.push([]);
    else parts.at(-1)?.push(t);
  }
  return parts;
}

const trimmed = (tokens: readonly Token[]): Token[] => {
  let from = 0;
  let to = tokens.length;
  while (tokens[from]?.kind === "space") from++;
  while (to > from && tokens[to - 1]?.kind === "space") to--;
  return tokens.slice(from, to);
};

/** Declarations written anew. deep: of a selector that looks at where an element stands; it hides nothing, since then it would show something else where the letter is sent on. */
function declarationsOf(tokens: readonly Token[], rules: StyleRules, found: { remote: boolean }, deep = false): string {
  const out: string[] = [];
  for (const part of split(tokens, ";")) {
    const [name, ...rest] = trimmed(part);
    const value = trimmed(rest);
    if (name?.kind !== "ident" || value[0]?.kind !== "punct" || value[0].text !== ":") continue;
    const property = name.text.toLowerCase();
    if (!properties.has(property)) continue;
    let says = trimmed(value.slice(1));
    const bang = says.findIndex((t) => t.kind === "punct" && t.text === "!");
    const important = bang >= 0 && trimmed(says.slice(bang + 1)).map((t) => t.text.toLowerCase()).join("") === "important";
    if (bang >= 0) {
      if (!important) continue;
      says = says.slice(0, bang);
    }
    const written = valueOf(property, says, rules, found);
    if (written === undefined) continue;
    if (deep && /^(?:none|hidden|collapse)$/i.test(written) && /^(?:display|visibility)$/.test(property)) continue;
    out.push(`${property}:${written}${important ? "!important" : ""}`);
  }
  return out.join(";");
}

/** What a style attribute may say. */
export function cleanDeclarations(text: string, rules: StyleRules): CleanStyle {
  const found = { remote: false };
  const css = text.length > longestSheet ? "" : declarationsOf(tokensOf(text), rules, found);
  return { css, hasRemote: found.remote };
}

const states = /^(?:link|visited|hover|active|first-child|last-child)$/;

/** A selector written anew; undefined for one that is not understood. The letter's html and body are a box of class letter-body. */
function selectorOf(tokens: readonly Token[]): { text: string; deep: boolean } | undefined {
  let out = "";
  let deep = false;
  const all = trimmed(tokens);
  for (let i = 0; i < all.length; i++) {
    const t = all[i] as Token;
    const next = all[i + 1];
    if (t.kind === "space") {
      deep = true;
      out += " ";
    } else if (t.kind === "ident" && plainName.test(t.text)) out += /^(?:html|body)$/i.test(t.text) ? ".letter-body" : t.text;
    else if (t.kind === "hash" && plainName.test(t.text)) out += `#${t.text}`;
    else if (t.kind === "punct" && t.text === "." && next?.kind === "ident" && plainName.test(next.text)) {
      out += `.${next.text}`;
      i++;
    } else if (t.kind === "punct" && t.text === ":" && next?.kind === "ident" && states.test(next.text)) {
      out += `:${next.text}`;
      i++;
    } else if (t.kind === "punct" && /^[>+~]$/.test(t.text)) {
      deep = true;
      out += t.text;
    } else if (t.kind === "punct" && t.text === "*") out += "*";
    else return undefined;
  }
  return out && !/^\s*[>+~]/.test(out) ? { text: out, deep } : undefined;
}

/** A condition of @media about the width of the paper; undefined for others, as for colours of the screen: letters are shown on white. */
function conditionOf(tokens: readonly Token[]): string | undefined {
  const said = tokens.map((t) => (t.kind === "number" ? t.text + (t.unit ?? "") : t.kind === "function" ? `${t.text}(` : t.text)).join("").trim().toLowerCase();
  const one = /^(?:(?:only\s+)?(?:screen|all)(?:\s+and\s*)?)?(?:\(\s*(?:min|max)(?:-device)?-width\s*:\s*[\d.]+(?:px|em|pt)\s*\)(?:\s*and\s*)?)*$/;
  const parts = said.split(",").map((p) => p.trim());
  return said && parts.every((p) => p && one.test(p) && !/and$/.test(p)) ? parts.join(", ").replaceAll("-device-", "-") : undefined;
}

/** What a style sheet may say. */
export function cleanSheet(text: string, rules: StyleRules): CleanStyle {
  const found = { remote: false };
  let left = mostRules;
  const rulesOf = (tokens: readonly Token[], depth: number): string => {
    let out = "";
    let head: Token[] = [];
    for (let i = 0; i < tokens.length && left > 0; i++) {
      const t = tokens[i] as Token;
      if (t.kind === "punct" && t.text === ";") head = []; // such as @import
      else if (t.kind !== "punct" || t.text !== "{") head.push(t);
      else {
        const end = endOf(tokens, i);
        out += ruleOf(trimmed(head), tokens.slice(i + 1, end), depth);
        head = [];
        i = end;
      }
    }
    return out;
  };
  const ruleOf = (head: readonly Token[], body: readonly Token[], depth: number): string => {
    left--;
    if (head[0]?.kind === "at") {
      const condition = head[0].text === "media" && depth === 0 ? conditionOf(head.slice(1)) : undefined;
      return condition === undefined ? "" : `@media ${condition}{${rulesOf(body, depth + 1)}}`;
    }
    const selectors = split(head, ",").map(selectorOf).filter((s) => s !== undefined);
    if (selectors.length === 0) return "";
    const css = declarationsOf(body, rules, found, selectors.some((s) => s.deep));
    const scope = rules.scope ? `${rules.scope} ` : "";
    return css ? `${selectors.map((s) => scope + s.text).join(",")}{${css}}` : "";
  };
  const css = text.length > longestSheet ? "" : rulesOf(tokensOf(text), 0);
  return { css, hasRemote: found.remote };
}

/** Where the block that begins at from ends. */
function endOf(tokens: readonly Token[], from: number): number {
  let depth = 0;
  for (let i = from; i < tokens.length; i++) {
    const t = tokens[i] as Token;
    if (t.kind !== "punct") continue;
    if (t.text === "{") depth++;
    else if (t.text === "}" && --depth === 0) return i;
  }
  return tokens.length;
}
