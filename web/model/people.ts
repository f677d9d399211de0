// People and addresses as they are shown.

import type { EmailAddress } from "../jmap/types.js";

/** A name, or the address where there is none. */
export function nameOf(a: EmailAddress): string {
  return a.name?.trim() || a.email;
}

/**
 * Who somebody is, for a line of a list, and what stands behind it. Addresses of the service say kind, place and name between points (Rules 2), and
 * everybody has its domain: without a display name they are shown by their last part first. Others stand as they are.
 */
export function listName(a: EmailAddress, ownDomain: string): { who: string; of?: string } {
  const [local = "", domain = ""] = a.email.split("@");
  if (a.name?.trim() || !same(domain, ownDomain)) return { who: nameOf(a) };
  const parts = local.split(".");
  return parts.length < 3 ? { who: local } : { who: parts.slice(2).join("."), of: parts.slice(0, 2).join(".") };
}

/** The beginning of a name, for lists of several people. */
export function shortName(a: EmailAddress): string {
  const name = a.name?.trim();
  if (!name) return a.email.split("@")[0] ?? a.email;
  const plain = name.replace(/\s*\(.*\)$/, "");
  const [family, given] = plain.split(/,\s*/);
  if (given) return given.split(/\s+/)[0] ?? family ?? plain;
  return /^(dr|mr|mrs|ms|miss|prof)\.?$/i.test(plain.split(/\s+/)[0] ?? "") ? plain : (plain.split(/\s+/)[0] ?? plain);
}

/** Everybody once, by address. */
export function unique(list: readonly EmailAddress[]): EmailAddress[] {
  const seen = new Set<string>();
  return list.filter((a) => {
    const key = a.email.toLowerCase();
    return !seen.has(key) && seen.add(key);
  });
}

export function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** An address as it is typed and copied: Name <address>. */
export function written(a: EmailAddress): string {
  if (!a.name) return a.email;
  const name = /^[\w !#$%&'*+/=?^`{|}~-]+$/.test(a.name) ? a.name : `"${a.name.replace(/["\\]/g, "\\$&")}"`;
  return `${name} <${a.email}>`;
}

/** One or two letters that stand for a person. */
export function initials(a: EmailAddress): string {
  const words = nameOf(a)
    .replace(/\(.*?\)|[^\p{L}\p{N} ]/gu, " ")
    .trim()
    .split(/\s+/);
  const first = [...(words[0] ?? "?")][0] ?? "?";
  const last = words.length > 1 ? ([...(words.at(-1) ?? "")][0] ?? "") : "";
  return (first + last).toUpperCase();
}
