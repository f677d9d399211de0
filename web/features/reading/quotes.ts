// What letters quote at their end is folded, and opens without script.

/** Where programs begin the letter that they answer, if they say so. */
const beginnings = ["div.gmail_quote", "div.gmail_quote_container", "#appendonsend", "#divRplyFwdMsg", "#mail-editor-reference-message-container", "div.moz-cite-prefix", "div.yahoo_quoted", "blockquote"].join(",");

const mostTried = 50;

/** Folds the quotation with which a letter ends, unless it is all that there is. */
export function foldQuotes(body: HTMLElement, label: string): void {
  for (const start of [...body.querySelectorAll(beginnings)].slice(0, mostTried)) {
    if (start.parentElement?.closest("blockquote") || !says(before(start, body))) continue;
    const parts = start.matches("#appendonsend, #divRplyFwdMsg, #mail-editor-reference-message-container, div.moz-cite-prefix") ? [start, ...after(start)] : [start];
    if (parts.some((p) => says([p])) && !says(afterAll(parts.at(-1) as Node, body))) {
      fold(parts, label);
      return;
    }
  }
}

function fold(parts: readonly Node[], label: string): void {
  const page = (parts[0] as Node).ownerDocument as Document;
  const details = page.createElement("details");
  details.className = "haven-quoted";
  const summary = page.createElement("summary");
  summary.textContent = label;
  (parts[0] as ChildNode).before(details);
  details.append(summary, ...parts);
}

function after(node: Node): Node[] {
  const all: Node[] = [];
  for (let next = node.nextSibling; next; next = next.nextSibling) all.push(next);
  return all;
}

/** All that stands behind a node. */
function afterAll(node: Node, root: Node): Node[] {
  const all: Node[] = [];
  for (let at: Node | null = node; at && at !== root; at = at.parentNode) all.push(...after(at));
  return all;
}

/** All that stands before a node. */
function before(node: Node, root: Node): Node[] {
  const all: Node[] = [];
  for (let at: Node | null = node; at && at !== root; at = at.parentNode) {
    for (let past = at.previousSibling; past; past = past.previousSibling) all.push(past);
  }
  return all;
}

/** Whether there is something to read or to look at. */
function says(nodes: readonly Node[]): boolean {
  return nodes.some((n) => n.textContent?.trim() || (n instanceof Element && (n.nodeName === "IMG" || n.querySelector("img"))));
}
