// HTML as plain text: what goes beside a rich letter for whoever reads without HTML, and what is quoted of a letter that has nothing else.

const blocks = /^(address|article|aside|blockquote|center|dd|div|dl|dt|footer|h[1-6]|header|hr|li|main|nav|ol|p|pre|section|table|tr|ul)$/;
const unseen = /^(head|style|script|title|template|noscript|object|svg)$/;

/** HTML without what it says of looks, which the policy of the page refuses even where nobody sees it. It makes nothing harmless. */
export function unstyled(html: string): string {
  return html.replace(/<style\b[^]*?<\/style\s*>/gi, "").replace(/<[a-z][^>]*>/gi, (tag) => tag.replace(/\sstyle\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>]+)/gi, ""));
}

/** HTML as a page where nothing of it runs and nothing is fetched. */
export function pageOf(html: string): Document {
  return new DOMParser().parseFromString(unstyled(html), "text/html");
}

/** What HTML says. */
export function textOfHtml(html: string): string {
  return textOf(pageOf(html).body)
    .replace(/[ \t]+\n/g, "\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

function textOf(node: Node, pre = false): string {
  let out = "";
  for (const child of node.childNodes) {
    if (child.nodeType === 3) out += textOfLine(child.nodeValue ?? "", out, pre);
    else if (child.nodeType === 1) out += textOfElement(child as Element, out, pre);
  }
  return out;
}

function textOfLine(text: string, before: string, pre: boolean): string {
  if (pre) return text;
  const one = text.replace(/[ \t\r\n]+/g, " ");
  return /(^|\s)$/.test(before) ? one.replace(/^ /, "") : one;
}

function textOfElement(e: Element, before: string, pre: boolean): string {
  const name = e.localName;
  if (unseen.test(name)) return "";
  if (name === "br") return "\n";
  if (name === "img") return e.getAttribute("alt") ? `[${e.getAttribute("alt")}]` : "";
  const inner = textOf(e, pre || name === "pre");
  if (name === "a") return link(e, inner);
  if (name === "td" || name === "th") return `${inner.trim()}\t`;
  if (!blocks.test(name)) return inner;
  const gap = before === "" || before.endsWith("\n") ? "" : "\n";
  const text = inner.replace(/^\n+|\s+$/g, "");
  if (name === "hr") return `${gap}----------\n`;
  if (name === "blockquote") return `${gap}${text.split("\n").map((l) => (l.startsWith(">") ? `>${l}` : `> ${l}`.trimEnd())).join("\n")}\n`;
  if (name === "li") return `${gap}${marker(e)}${text.replaceAll("\n", "\n  ")}\n`;
  return `${gap}${text}\n${/^(p|h[1-6]|ul|ol)$/.test(name) && !e.closest("li") ? "\n" : ""}`;
}

function link(e: Element, text: string): string {
  const to = e.getAttribute("href") ?? "";
  const shown = to.replace(/^mailto:/, "");
  return /^(https?|mailto):/.test(to) && text.trim() !== shown ? `${text} <${shown}>` : text;
}

function marker(e: Element): string {
  const list = e.parentElement;
  return list?.localName === "ol" ? `${[...list.children].indexOf(e) + (Number(list.getAttribute("start")) || 1)}. ` : "- ";
}

const escapes: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

export function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (c) => escapes[c] as string);
}

/** Plain text as HTML: each line a paragraph, what is quoted within quotations. */
export function htmlOfText(text: string): string {
  let out = "";
  let depth = 0;
  for (const line of text.split("\n")) {
    const marks = /^(?:> ?)*/.exec(line)?.[0] ?? "";
    const at = marks.split(">").length - 1;
    for (; depth < at; depth++) out += "<blockquote>";
    for (; depth > at; depth--) out += "</blockquote>";
    out += `<p>${escaped(line.slice(marks.length)) || "<br>"}</p>`;
  }
  return out + "</blockquote>".repeat(depth);
}

/** What a letter answers or forwards, as HTML that is known again: editors make no sections. */
export function quotedHtml(html: string): string {
  return `<section>${html}</section>`;
}

/** HTML of a draft, and what is quoted at its end. */
export function splitHtml(html: string): { own: string; quote: string } {
  const { body } = pageOf(html);
  const last = body.lastElementChild;
  if (last?.localName !== "section") return { own: body.innerHTML, quote: "" };
  last.remove();
  return { own: body.innerHTML, quote: last.outerHTML };
}
