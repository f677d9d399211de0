import { t } from "../../locales/text.js";
import { domainOf, verdictOf, type Verdict as Known } from "../../model/verdict.js";
import type { Letter } from "../../store/letters.js";

export type Said = { text: string; weight: "plain" | "care" | "danger" };

/** What is known of who a letter is from, for the person of an address. */
export function knownOf(letter: Letter, username: string): Known {
  return verdictOf({
    from: letter.from,
    received: letter["header:Received:asRaw:all"],
    results: letter["header:Authentication-Results:asText:all"],
    junk: letter["header:Haven-Verdict:asText"],
    ours: [domainOf(username)],
  });
}

/** The same in words; nothing for one from inside. */
export function saidOf(letter: Letter, username: string): Said[] {
  return wordsOf(knownOf(letter, username), letter.from?.[0]?.email ?? "");
}

function wordsOf(known: Known, address: string): Said[] {
  if (known.origin !== "outside") return [];
  const { domain, looksLike, namedOther } = known;
  const said: Said[] = [];
  if (known.forged) said.push({ text: t.forged, weight: "danger" });
  else if (looksLike) said.push({ text: t.looksLike(domain, looksLike), weight: "danger" });
  else if (!domain) said.push({ text: t.noSender, weight: "care" });
  else if (known.proof === "proven") said.push({ text: t.outside, weight: "plain" });
  else if (known.proof === "unchecked") said.push({ text: t.unchecked(domain), weight: "plain" });
  else said.push({ text: known.proof === "failed" ? t.failed(domain) : t.unproven(domain), weight: "care" });
  if (namedOther) said.push({ text: t.namedOther(namedOther, address), weight: "danger" });
  return said;
}
