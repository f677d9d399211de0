import DOMPurify, { type Config } from "dompurify";
import { unstyled } from "../../model/htmlText.js";

// What stays of HTML that is answered, forwarded or written on: text, lists, tables, links, and pictures that go along. Nothing that is fetched from elsewhere.
const rules: Config = {
  ALLOWED_TAGS: [
    "a", "b", "blockquote", "br", "caption", "center", "code", "col", "colgroup", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "li", "ol", "p", "pre", "s", "section", "small", "span", "strong",
    "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul",
  ],
  ALLOWED_ATTR: ["align", "alt", "border", "cellpadding", "cellspacing", "colspan", "dir", "height", "href", "lang", "rowspan", "src", "start", "title", "type", "valign", "width"],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
};

const goesAlong = /^(?:cid:|data:image\/(?:png|gif|jpeg|webp)[;,])/i;

/** HTML of a letter, harmless, as it may be quoted, edited and sent. */
export function editable(html: string): string {
  const purify = DOMPurify(window);
  purify.addHook("uponSanitizeAttribute", (node, data) => {
    if (data.attrName === "src") {
      data.keepAttr = data.forceKeepAttr = node.nodeName === "IMG" && goesAlong.test(data.attrValue);
    } else if (data.attrName === "href") {
      data.keepAttr = data.forceKeepAttr = node.nodeName === "A" && /^(?:https?|mailto|tel):/i.test(data.attrValue.trim());
    }
  });
  purify.addHook("afterSanitizeAttributes", (node) => {
    if (node.nodeName === "IMG" && !node.hasAttribute("src")) node.replaceWith(node.getAttribute("alt") ?? "");
  });
  return purify.sanitize(unstyled(html), rules) as string;
}
