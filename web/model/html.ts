// HTML of letters, made quiet: what the page's policy forbids is taken out or renamed before the browser reads it, so that the browser has nothing to refuse and to report.
// This makes nothing safe; that is the sanitiser's, which reads what the browser makes of it.

export interface Quiet {
  html: string;
  /** The style sheets in it. */
  sheets: string[];
}

/** The name under which style attributes stand in what is quiet. */
export const styleName = "data-letter-style";

const rawText = /^(?:style|script|title|textarea|xmp|iframe|noembed|noframes)$/;
const tag = /<(\/?)([a-zA-Z][^\s/>]*)/y;
const attribute = /[\s/]*([^\s/>=][^\s/>=]*)?(\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>]*))?/y;

/** HTML without comments, style sheets, scripts, handlers and what speaks of the page as a whole, and with its style attributes under another name. */
export function quieted(html: string): Quiet {
  const sheets: string[] = [];
  let out = "";
  let at = 0;
  while (at < html.length) {
    const next = html.indexOf("<", at);
    if (next < 0) break;
    out += html.slice(at, next);
    at = next;
    if (html.startsWith("<!--", at)) {
      const end = /--!?>/g;
      end.lastIndex = at + 2; // "<!-->" is whole
      const close = end.exec(html);
      at = close ? end.lastIndex : html.length;
      continue;
    }
    tag.lastIndex = at;
    const begins = tag.exec(html);
    if (!begins) {
      out += "<";
      at++;
      continue;
    }
    const [whole, slash = "", name = ""] = begins;
    const { text, end } = tagOf(html, at + whole.length);
    at = end;
    const kind = name.toLowerCase();
    if (slash || !rawText.test(kind)) {
      if (!/^(?:style|script|base|meta|link)$/.test(kind)) out += `<${slash}${name}${text}`;
      continue;
    }
    const close = new RegExp(`</${kind}(?=[\\s/>])[^>]*>`, "gi");
    close.lastIndex = at;
    const closes = close.exec(html);
    const within = html.slice(at, closes ? closes.index : html.length);
    at = closes ? close.lastIndex : html.length;
    if (kind === "style") sheets.push(within);
    else if (kind === "textarea" || kind === "xmp") out += `<pre>${within.replaceAll("<", "&lt;")}</pre>`;
  }
  return { html: out + html.slice(at), sheets };
}

/** The rest of a tag from behind its name, written without handlers. */
function tagOf(html: string, from: number): { text: string; end: number } {
  let text = "";
  let at = from;
  while (at < html.length && html[at] !== ">") {
    attribute.lastIndex = at;
    const [whole = "", name = "", value = ""] = attribute.exec(html) ?? [];
    if (whole === "") {
      at++; // a sign that belongs to nothing
      continue;
    }
    at += whole.length;
    if (/^on/i.test(name)) continue;
    text += ` ${/^style$/i.test(name) ? styleName : name}${value}`;
    if (name === "" && whole.endsWith("/")) text += "/";
  }
  return { text: `${text}>`, end: Math.min(at + 1, html.length) };
}
