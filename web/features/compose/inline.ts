// Pictures that stand in a text: in a letter they are named by a cid, on the page by an address where the browser reads them.

import { pageOf } from "../../model/htmlText.js";

function change(html: string, each: (img: HTMLImageElement) => void): string {
  const page = pageOf(html);
  page.querySelectorAll("img").forEach(each);
  return page.body.innerHTML;
}

/** HTML of a letter as it is edited. */
export function forEditor(html: string, urlOf: (cid: string) => string | undefined): string {
  return change(html, (img) => {
    const cid = /^cid:(.+)$/.exec(img.getAttribute("src") ?? "")?.[1];
    if (cid === undefined) return;
    img.setAttribute("data-cid", cid);
    img.setAttribute("src", urlOf(cid) ?? "");
  });
}

/** What was edited as HTML of a letter. */
export function forLetter(html: string): string {
  if (!html.includes("data-cid")) return html;
  return change(html, (img) => {
    const cid = img.getAttribute("data-cid");
    if (!cid) return;
    img.setAttribute("src", `cid:${cid}`);
    img.removeAttribute("data-cid");
  });
}
