// HTML of letters made harmless. It is shown in a frame where nothing runs and nothing is loaded from elsewhere (web.go); what is taken out here would do nothing there
// either, but for what deceives the eye.

import DOMPurify, { type Config } from "dompurify";

const rules: Config = {
  USE_PROFILES: { html: true },
  FORBID_TAGS: ["form", "input", "button", "select", "textarea", "option", "label", "fieldset", "dialog", "audio", "video", "source", "track", "link", "meta", "base", "title", "template", "slot", "marquee", "object", "embed", "iframe", "frame"],
  FORBID_ATTR: ["id", "name", "class", "srcset", "ping", "autofocus", "tabindex", "accesskey", "contenteditable", "draggable", "popover", "popovertarget", "slot", "part", "is", "background"],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  ALLOW_UNKNOWN_PROTOCOLS: false,
  ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|tel:|cid:|data:image\/(?:png|gif|jpeg|webp);)/i,
  WHOLE_DOCUMENT: false,
  RETURN_DOM_FRAGMENT: true,
};

/** Declarations that would lay one thing over another, or fetch something. */
const harmfulStyle = /url\s*\(|image-set|expression|@import|position\s*:|z-index|pointer-events|behavior|-moz-binding|\\/i;

export interface Clean {
  html: string;
  /** It shows pictures that are somewhere else. */
  hasRemote: boolean;
}

export interface Sanitising {
  /** Where a picture of the letter itself is read; undefined for one that it has not. */
  inline: (cid: string) => string | undefined;
  /** Shows pictures that are somewhere else. */
  remote: boolean;
}

/** What may be shown of the HTML of a letter. */
export function sanitise(html: string, { inline, remote }: Sanitising): Clean {
  let hasRemote = false;
  const purify = DOMPurify(window);
  purify.addHook("uponSanitizeElement", (node, data) => {
    if (data.tagName === "style") (node as Element).remove(); // it would reach beyond what it stands in
  });
  purify.addHook("afterSanitizeAttributes", (node) => {
    const style = node.getAttribute("style");
    if (style !== null) {
      const kept = style.split(";").filter((d) => !harmfulStyle.test(d));
      if (/url\s*\(/i.test(style)) hasRemote = true;
      node.setAttribute("style", kept.join(";"));
    }
    if (node.nodeName === "IMG") {
      const src = node.getAttribute("src") ?? "";
      const cid = /^cid:(.+)$/i.exec(src)?.[1];
      const to = cid === undefined ? src : inline(decode(cid));
      if (cid !== undefined && to !== undefined) node.setAttribute("src", to);
      else if (/^data:/i.test(src)) return;
      else if (/^https?:/i.test(src)) {
        hasRemote = true;
        if (!remote) node.removeAttribute("src");
      } else node.removeAttribute("src");
      node.setAttribute("referrerpolicy", "no-referrer");
      node.setAttribute("loading", "lazy");
    } else if (node.hasAttribute("src")) {
      node.removeAttribute("src");
    }
    if (node.nodeName === "A" || node.nodeName === "AREA") {
      const href = node.getAttribute("href");
      if (href === null || !/^(https?|mailto|tel):/i.test(href)) node.removeAttribute("href");
      node.setAttribute("target", "_blank");
      node.setAttribute("rel", "noopener noreferrer nofollow");
    }
  });
  const fragment = purify.sanitize(html, rules) as unknown as DocumentFragment;
  foldQuotes(fragment);
  const box = document.createElement("div");
  box.append(fragment);
  return { html: box.innerHTML, hasRemote };
}

function decode(cid: string): string {
  try {
    return decodeURIComponent(cid);
  } catch {
    return cid;
  }
}

/** Folds a quotation that stands at the end. It opens without script. */
function foldQuotes(root: DocumentFragment): void {
  const quotes = [...root.querySelectorAll("blockquote")].filter((q) => !q.parentElement?.closest("blockquote"));
  const last = quotes.at(-1);
  if (!last || !isLast(last, root)) return;
  const details = document.createElement("details");
  const summary = document.createElement("summary");
  summary.textContent = "…";
  summary.title = "Quoted";
  last.replaceWith(details);
  details.append(summary, last);
}

/** Whether nothing that can be read stands behind an element. */
function isLast(node: Node, root: Node): boolean {
  for (let at: Node | null = node; at && at !== root; at = at.parentNode) {
    for (let next = at.nextSibling; next; next = next.nextSibling) if (next.textContent?.trim()) return false;
  }
  return true;
}
