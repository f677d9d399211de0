// Addresses as people type and paste them: one, or five thousand out of a table or another program.

import type { EmailAddress } from "../jmap/types.js";

const longest = 254; // RFC 5321 §4.5.3.1.3, without the brackets

/** Whether a text may be an address. The service knows; this finds what was mistyped before anything is sent. */
export function isAddress(email: string): boolean {
  return email.length <= longest && /^[^\s@<>()[\]\\,;:"]{1,64}@(?:[^\s@<>()[\]\\,;:".]+\.)+[^\s@<>()[\]\\,;:".]{2,}$/u.test(email) && !/^\.|\.\.|\.@/.test(email);
}

/** All addresses of a text, in its order; what can't be one is told by isAddress. */
export function addressesOf(text: string): EmailAddress[] {
  return cut(text.replaceAll("\r", ""), ";\n\t").flatMap(within).map(addressOf).filter((a) => a.email !== "");
}

/** The addresses between two separators. A comma parts them, unless it is of a name: Rahman, Aisha <aisha@haven.test>. */
function within(part: string): string[] {
  const ats = part.split("@").length - 1;
  if (ats <= 1 && part.includes("<")) return [part];
  return cut(part, ",").flatMap((p) => {
    const words = p.trim().split(/\s+/);
    return words.length > 1 && words.every((w) => w.includes("@")) ? words : [p];
  });
}

/** Parts a text at separators that stand in no quotation and no brackets. */
function cut(text: string, separators: string): string[] {
  const parts: string[] = [];
  let from = 0;
  let quoted = false;
  let bracket = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as string;
    if (quoted && c === "\\") i++;
    else if (c === '"' && (quoted || text.indexOf('"', i + 1) > 0)) quoted = !quoted;
    else if (c === "\n") quoted = bracket = false;
    else if (!quoted && c === "<") bracket = true;
    else if (c === ">") bracket = false;
    if (quoted || bracket || !separators.includes(c)) continue;
    parts.push(text.slice(from, i));
    from = i + 1;
  }
  parts.push(text.slice(from));
  return parts;
}

function addressOf(text: string): EmailAddress {
  const plain = text.trim().replace(/^mailto:/i, "");
  const m = /^(.*?)\s*<\s*(?:mailto:)?([^<>]*?)\s*>$/is.exec(plain);
  if (!m) return { name: null, email: plain.replace(/^['"]|['"]$/g, "") };
  const name = (m[1] ?? "").trim();
  const bare = /^".*"$/s.test(name) ? name.slice(1, -1).replace(/\\(.)/g, "$1") : name.replace(/^'(.*)'$/, "$1");
  return { name: bare.trim() || null, email: m[2] ?? "" };
}
