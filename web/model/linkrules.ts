// What head offices say of the places to which letters lead (docs/jmap-links.md).

import type { LinkRule } from "../jmap/types.js";

const strictness = { allow: 0, warn: 1, block: 2 } as const;

function matches(rule: LinkRule, host: string): boolean {
  return host === rule.host || (rule.isBelow && host.endsWith(`.${rule.host}`));
}

/** Whether a rule goes before another that fits the same host: the narrower one does, and of two as narrow the stricter. */
function goesBefore(a: LinkRule, b: LinkRule): boolean {
  if (a.host.length !== b.host.length) return a.host.length > b.host.length;
  if (a.isBelow !== b.isBelow) return b.isBelow;
  return strictness[a.verdict] > strictness[b.verdict];
}

/** What is said of where a link leads; undefined where nobody says anything. */
export function ruleFor(rules: readonly LinkRule[], url: URL): LinkRule | undefined {
  const host = url.hostname.toLowerCase().replace(/\.$/, "");
  let best: LinkRule | undefined;
  for (const rule of rules) if (matches(rule, host) && (!best || goesBefore(rule, best))) best = rule;
  return best;
}

/** Whether a link leads to the web, and not to an address or a telephone. */
export function isWeb(url: URL): boolean {
  return url.protocol === "https:" || url.protocol === "http:";
}
