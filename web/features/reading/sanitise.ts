// HTML of letters made harmless. It is shown in a frame where nothing runs and nothing is loaded from elsewhere (face/web/web.go); what is taken out here would do
// nothing there either, but for what deceives the eye.

import DOMPurify, { type Config } from "dompurify";
import { cleanDeclarations, cleanSheet } from "../../model/css.js";
import { quieted, styleName } from "../../model/html.js";
import { leadsTo, linkOf, otherPlace } from "../../model/links.js";
import { foldQuotes } from "./quotes.js";

const rules: Config = {
  USE_PROFILES: { html: true },
  FORBID_TAGS: [
    "form", "input", "button", "select", "textarea", "option", "optgroup", "datalist", "label", "fieldset", "legend", "output", "dialog", "audio", "video", "picture", "source", "track", "link", "meta", "base", "title",
    "template", "slot", "marquee", "object", "embed", "iframe", "frame", "frameset", "map", "area", "canvas", "noscript", "style", "dir", "menu",
  ],
  ADD_ATTR: ["target", styleName],
  FORBID_ATTR: [
    "style", "name", "srcset", "sizes", "ping", "download", "usemap", "ismap", "autofocus", "tabindex", "accesskey", "contenteditable", "draggable", "popover", "popovertarget", "popovertargetaction", "slot", "part", "is",
    "background", "cite", "hidden", "inert", "translate", "spellcheck", "nonce", "integrity", "crossorigin", "poster", "action", "method", "for", "list", "open",
  ],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  ALLOW_UNKNOWN_PROTOCOLS: false,
  ALLOWED_URI_REGEXP: /^(?:(?:https?|mailto|tel|cid):|data:image\/(?:png|gif|jpeg|webp)[;,]|[^a-z]|[a-z+.-]+(?:[^a-z+.:-]|$))/i, // other attributes, too, are held against it: widths and colours
  WHOLE_DOCUMENT: true,
  RETURN_DOM: true,
};

/** Names that mean something where letters are shown. */
const ours = /^(?:haven-.*|print-.*|letter-(?:body|\d+))$/i;

/** More elements than the longest honest letters have; a page that is given more of them stands still. */
export const mostElements = 20_000;

export interface Clean {
  /** What is to be put into the frame; each call of render makes it anew. */
  content: DocumentFragment;
  /** It has pictures that are somewhere else. */
  hasRemote: boolean;
}

export interface Sanitising {
  /** Where a picture of the letter itself is read; undefined for one that it has not. */
  inline: (cid: string) => string | undefined;
  /** Shows pictures that are somewhere else. */
  remote: boolean;
  /** Where its styles hold, if it is not alone. */
  scope?: string;
  /** Words about a link that says another place than it leads to. */
  leadsElsewhere: (host: string) => string;
  /** Words on what opens a quotation. */
  showQuoted: string;
}

/** Whether a text has more tags than are shown. */
export function isTooMuch(html: string): boolean {
  let tags = 0;
  for (let at = html.indexOf("<"); at >= 0; at = html.indexOf("<", at + 1)) if (++tags > 2 * mostElements) return true;
  return false;
}

/** What may be shown of the HTML of a letter. */
export function sanitise(html: string, how: Sanitising): Clean {
  const { remote } = how;
  let hasRemote = false;
  const quiet = quieted(html);
  const purify = DOMPurify(window);
  purify.addHook("uponSanitizeAttribute", (node, data) => {
    if (data.attrName === styleName) {
      const clean = cleanDeclarations(data.attrValue, { remote });
      hasRemote ||= clean.hasRemote;
      if (clean.css) (node as HTMLElement).style.cssText = clean.css; // the policy of the page lets no attribute say it
      data.keepAttr = false;
    } else if (data.attrName === "role") data.keepAttr = /^(?:presentation|none)$/i.test(data.attrValue);
    else if (data.attrName === "class" || data.attrName === "id") {
      data.attrValue = data.attrValue.split(/\s+/).filter((name) => name && !ours.test(name)).join(" ");
      data.keepAttr = data.attrValue !== "";
    }
  });
  purify.addHook("afterSanitizeAttributes", (node) => {
    if (node.nodeName === "IMG") hasRemote = picture(node, how) || hasRemote;
    else node.removeAttribute("src");
    if (node.nodeName === "A") link(node);
    else node.removeAttribute("href");
  });
  const root = purify.sanitize(quiet.html, rules) as unknown as HTMLElement;
  const body = boxOf(root);
  for (const a of body.querySelectorAll("a[href]")) warn(a, how);
  foldQuotes(body, how.showQuoted);
  const content = body.ownerDocument.createDocumentFragment();
  const css = cleanSheet(quiet.sheets.join("\n"), { remote, ...(how.scope && { scope: how.scope }) });
  hasRemote ||= css.hasRemote;
  if (css.css) {
    const style = body.ownerDocument.createElement("style");
    style.textContent = css.css;
    content.append(style);
  }
  content.append(body);
  return { content, hasRemote };
}

/** The body of what was cleaned as a box, with the looks that it asked for. */
function boxOf(root: HTMLElement): HTMLElement {
  const box = root.ownerDocument.createElement("div");
  const from = root.querySelector<HTMLElement>("body") ?? box; // a page of frames has none
  for (const name of ["class", "dir", "lang"]) {
    const value = from.getAttribute(name);
    if (value !== null) box.setAttribute(name, value);
  }
  const colour = from.getAttribute("bgcolor");
  box.style.cssText = (colour ? `${cleanDeclarations(`background-color:${colour}`, { remote: false }).css};` : "") + from.style.cssText;
  box.classList.add("letter-body");
  box.append(...from.childNodes);
  return box;
}

/** Says whether a picture is somewhere else. */
function picture(img: Element, { inline, remote }: Sanitising): boolean {
  const src = (img.getAttribute("src") ?? "").trim();
  img.removeAttribute("src");
  img.setAttribute("referrerpolicy", "no-referrer");
  img.setAttribute("loading", "lazy");
  const cid = /^cid:(.+)$/i.exec(src)?.[1];
  const own = cid === undefined ? undefined : inline(decode(cid));
  if (own !== undefined) img.setAttribute("src", own);
  else if (/^data:image\/(?:png|gif|jpeg|webp)[;,]/i.test(src)) img.setAttribute("src", src);
  else if (/^https?:/i.test(src) && URL.canParse(src)) {
    const url = new URL(src);
    url.protocol = "https:"; // nothing is fetched that others on the way can read
    if (url.origin === location.origin) return false; // it would be asked for in the reader's name
    if (remote) img.setAttribute("src", url.href);
    return true;
  }
  return false;
}

/** Makes a link lead where it says in its title. */
function link(a: Element): void {
  const url = linkOf(a.getAttribute("href") ?? "");
  if (!url) {
    a.removeAttribute("href");
    a.removeAttribute("title");
    return;
  }
  a.setAttribute("href", url.href);
  a.setAttribute("title", leadsTo(url));
  a.setAttribute("target", "_blank");
  a.setAttribute("rel", "noopener noreferrer nofollow");
}

/** Says beside a link that names another place where it leads. */
function warn(a: Element, { leadsElsewhere }: Sanitising): void {
  const url = linkOf(a.getAttribute("href") ?? "");
  const host = url && otherPlace(a.textContent ?? "", url);
  if (!host) return;
  const note = a.ownerDocument.createElement("span");
  note.className = "haven-elsewhere";
  note.textContent = leadsElsewhere(host);
  a.after(note);
}

function decode(cid: string): string {
  try {
    return decodeURIComponent(cid);
  } catch {
    return cid;
  }
}
