// What is known of who a letter is from. The service writes it on every letter that it takes (docs/standards.md, RFC 8601): its Received field stands on top, and no
// Authentication-Results but its own bear its name. Nothing is said that these do not say.

import type { EmailAddress } from "../jmap/types.js";

export type Origin = "inside" | "outside" | "unknown";

/** proven: a check passed for the sender's domain. failed: one that the domain asks for did not. unproven: nothing speaks for it or against it. unchecked: it could not be asked. */
export type Proof = "proven" | "failed" | "unproven" | "unchecked";

export interface Verdict {
  origin: Origin;
  /** Of a letter from outside. */
  proof?: Proof;
  /** The domain of the sender's address. */
  domain: string;
  /** It shows a domain of ours, came from outside, and nothing proves it: the service found so. */
  forged?: true;
  /** A domain of ours that the sender's resembles. */
  looksLike?: string;
  /** An address that the sender's name shows though it is another's. */
  namedOther?: string;
}

export interface Facts {
  from: readonly EmailAddress[] | null;
  received: readonly string[] | null;
  results: readonly string[] | null;
  /** The service's own Haven-Verdict. */
  junk: string | null;
  /** Domains of the person's own addresses. */
  ours: readonly string[];
}

/** One result of a check: its method, what came of it, and of what (RFC 8601 §2.2). */
export interface Result {
  method: string;
  result: string;
  properties: Record<string, string>;
}

const piece = /\s*(?:"((?:[^"\\]|\\.)*)"|([^\s"();=]+)|([=;]))/y;

/** Reads an Authentication-Results field; undefined for one that is not understood. */
export function resultsOf(field: string): { by: string; results: Result[] } | undefined {
  const text = withoutComments(field);
  if (text === undefined) return undefined;
  const parts: string[][] = [[]];
  for (piece.lastIndex = 0; piece.lastIndex < text.length; ) {
    const m = piece.exec(text);
    if (!m) return text.slice(piece.lastIndex).trim() === "" || lastBlank(text) ? finish(parts) : undefined;
    const [, inQuotes, word, sign] = m;
    if (sign === ";") parts.push([]);
    else parts.at(-1)?.push(sign ?? word ?? (inQuotes ?? "").replace(/\\(.)/g, "$1"));
  }
  return finish(parts);
}

function lastBlank(text: string): boolean {
  return /\s$/.test(text) && piece.lastIndex === 0; // exec begins anew where nothing but white space is left
}

function finish(parts: readonly string[][]): { by: string; results: Result[] } | undefined {
  const by = parts[0]?.[0];
  if (!by || by === "=") return undefined;
  const results: Result[] = [];
  for (const words of parts.slice(1)) {
    const [method, equals, result, ...rest] = words;
    if (!method || equals !== "=" || !result) continue; // "none", or nothing
    const properties: Record<string, string> = {};
    for (let i = 0; i + 2 < rest.length; i += 3) if (rest[i + 1] === "=") properties[(rest[i] as string).toLowerCase()] = rest[i + 2] as string;
    results.push({ method: (method.split("/")[0] as string).toLowerCase(), result: result.toLowerCase(), properties });
  }
  return { by: by.toLowerCase(), results };
}

/** A field without its comments (RFC 5322 §3.2.2); undefined where one does not end. */
function withoutComments(field: string): string | undefined {
  let out = "";
  let depth = 0;
  let inQuotes = false;
  for (let i = 0; i < field.length; i++) {
    const c = field[i] as string;
    if (c === "\\") {
      if (depth === 0) out += c + (field[i + 1] ?? "");
      i++;
    } else if (depth === 0 && c === '"') {
      inQuotes = !inQuotes;
      out += c;
    } else if (!inQuotes && c === "(") depth++;
    else if (depth > 0 && c === ")") {
      depth--;
      out += " ";
    } else if (depth === 0) out += c;
  }
  return depth === 0 && !inQuotes ? out : undefined;
}

const ownTrace = /^\s*(?:from \S+ (?:\(\S+\) )?)?by (\S+) \(Haven\) with ([A-Z0-9]+) id /;

/** Who took the letter, as its topmost Received field says: of what a program put into the folder itself nothing is known. */
function traceOf(received: readonly string[] | null): { host: string; inside: boolean } | undefined {
  const m = ownTrace.exec((received?.[0] ?? "").replace(/\s+/g, " "));
  if (!m) return undefined;
  const [, host = "", how = ""] = m;
  return { host: host.toLowerCase(), inside: how === "HTTP" || /SMTPS?A$/.test(how) }; // RFC 3848: who signed in
}

/** Whether one domain is the other, or lies in it. */
function belongs(a: string, b: string): boolean {
  return a === b || a.endsWith(`.${b}`) || b.endsWith(`.${a}`);
}

function proofOf(results: readonly Result[], domain: string): Proof {
  const dmarc = results.filter((r) => r.method === "dmarc");
  if (dmarc.some((r) => r.result === "fail")) return "failed";
  if (dmarc.some((r) => r.result === "pass")) return "proven";
  const aligned = (r: Result) => {
    const of = (r.properties["header.d"] ?? r.properties["smtp.mailfrom"] ?? r.properties["smtp.helo"] ?? "").split("@").at(-1)?.toLowerCase() ?? "";
    return of.includes(".") && belongs(of, domain);
  };
  const checks = results.filter((r) => r.method === "dkim" || r.method === "spf");
  if (checks.some((r) => r.result === "pass" && aligned(r))) return "proven";
  return results.length === 0 || results.some((r) => r.result === "temperror") ? "unchecked" : "unproven";
}

/** What is known of who a letter is from. */
export function verdictOf({ from, received, results, junk, ours }: Facts): Verdict {
  const sender = from?.[0];
  const domain = domainOf(sender?.email ?? "");
  const trace = traceOf(received);
  if (!trace) return { origin: "unknown", domain };
  if (trace.inside) return { origin: "inside", domain };
  const own = (results ?? []).map(resultsOf).filter((r) => r !== undefined && r.by === trace.host);
  const forged = /^\s*junk\.forged\b/.test(junk ?? "");
  const looksLike = forged ? undefined : ours.find((d) => resembles(domain, d));
  const namedOther = sender && otherAddress(sender);
  return {
    origin: "outside",
    proof: proofOf(own.flatMap((r) => r?.results ?? []), domain),
    domain,
    ...(forged && { forged }),
    ...(looksLike && { looksLike }),
    ...(namedOther && { namedOther }),
  };
}

export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf("@") + 1).toLowerCase().replace(/\.$/, "");
}

/** An address in a name that is another one than the sender's. */
function otherAddress({ name, email }: EmailAddress): string | undefined {
  const shown = /[^\s@<>"'(),;:]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+/u.exec(name ?? "")?.[0].replace(/\.$/, "");
  return shown && shown.toLowerCase() !== email.toLowerCase() ? shown : undefined;
}

const alike: [RegExp, string][] = [
  [/[0оοօ]/g, "o"], [/[1lіıӏ|]/g, "i"], [/[5ѕ]/g, "s"], [/[3еє]/g, "e"], [/[аɑα]/g, "a"], [/[сϲ]/g, "c"], [/[рρ]/g, "p"], [/[хχ]/g, "x"], [/[уү]/g, "y"], [/[һ]/g, "h"], [/[νѵ]/g, "v"],
  [/[ոп]/g, "n"], [/[мʍ]/g, "m"], [/[кκ]/g, "k"], [/[тτ]/g, "t"], [/[ԁ]/g, "d"], [/[ցɡ]/g, "g"], [/rn/g, "m"], [/vv/g, "w"], [/ci/g, "d"], [/[-_]/g, ""],
];

/** A domain as the eye reads it in haste. */
function skeleton(domain: string): string {
  let out = domain.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  for (const [signs, sign] of alike) out = out.replace(signs, sign);
  return out;
}

/** Whether a domain looks like another one and is not in it. */
export function resembles(domain: string, ours: string): boolean {
  if (!domain || belongs(domain, ours)) return false;
  const shown = unicodeOf(domain);
  if (skeleton(shown) === skeleton(ours)) return true;
  if (`.${shown}.`.includes(`.${ours}.`) || shown.startsWith(`${ours.replaceAll(".", "-")}.`)) return true;
  const [a, b] = [skeleton(shown), skeleton(ours)];
  return b.length >= 8 && Math.abs(a.length - b.length) <= 1 && isOneApart(a, b);
}

/** Whether one sign more, less, other or exchanged with its neighbour makes one text the other. */
function isOneApart(a: string, b: string): boolean {
  let from = 0;
  while (from < a.length && a[from] === b[from]) from++;
  let end = 0;
  while (end < Math.min(a.length, b.length) - from && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const [left, right] = [a.slice(from, a.length - end), b.slice(from, b.length - end)];
  return Math.max(left.length, right.length) <= 1 || (left.length === 2 && left === [...right].reverse().join(""));
}

/** A domain in its letters, of which xn-- is another writing (RFC 3492). What is not well written stays. */
function unicodeOf(domain: string): string {
  return domain
    .split(".")
    .map((label) => (label.startsWith("xn--") ? (punycode(label.slice(4)) ?? label) : label))
    .join(".");
}

function punycode(input: string): string | undefined {
  const out = [...input.slice(0, Math.max(0, input.lastIndexOf("-")))];
  let at = out.length > 0 ? out.length + 1 : 0;
  let [n, i, bias] = [128, 0, 72];
  while (at < input.length) {
    const before = i;
    for (let weight = 1, k = 36; ; k += 36) {
      const c = input.charCodeAt(at++);
      const digit = c >= 97 && c <= 122 ? c - 97 : c >= 48 && c <= 57 ? c - 22 : -1;
      if (digit < 0) return undefined;
      i += digit * weight;
      const t = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
      if (digit < t) break;
      weight *= 36 - t;
    }
    const length = out.length + 1;
    let delta = Math.floor((i - before) / (before === 0 ? 700 : 2));
    delta += Math.floor(delta / length);
    let k = 0;
    for (; delta > 455; k += 36) delta = Math.floor(delta / 35);
    bias = k + Math.floor((36 * delta) / (delta + 38));
    n += Math.floor(i / length);
    i %= length;
    if (n > 0x10ffff || (n >= 0xd800 && n < 0xe000)) return undefined;
    out.splice(i++, 0, String.fromCodePoint(n));
  }
  return out.join("");
}
