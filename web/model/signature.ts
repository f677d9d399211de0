// The signature at the end of what is written.

import type { Text } from "./content.js";
import { htmlOfText } from "./htmlText.js";
import { resigned, signed } from "./quote.js";

/** The signature as it stands at the end of a rich text, and as an editor writes it. */
function richEnds(signature: string): string[] {
  const end = htmlOfText(signed(signature));
  return signature.trim() ? [end, end.replaceAll("<p><br></p>", "<p></p>")] : [];
}

/** A text without its signature, as far as it stands there as it was put. */
export function unsigned({ format, own }: Text, signature: string): string {
  const ends = format === "rich" ? richEnds(signature) : [signed(signature)].filter(Boolean);
  const end = ends.find((e) => own.endsWith(e));
  return end === undefined ? own : own.slice(0, own.length - end.length);
}

/** A text with one signature instead of another. One that somebody changed stays. */
export function withSignature(text: Text, was: string, now: string): Text {
  if (text.format === "plain") return { ...text, own: resigned(text.own, was, now) };
  const bare = unsigned(text, was);
  return bare === text.own && was.trim() ? text : { ...text, own: bare + (now.trim() ? htmlOfText(signed(now)) : "") };
}
