// What a letter answers or forwards, as it stands below the text.

/** Lines that are quoted (RFC 3676 §4.5). */
export function quoted(text: string): string {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => (line.startsWith(">") ? `>${line}` : `> ${line}`.trimEnd()))
    .join("\n");
}

/** A text, and what is quoted at its end with the line that says of whom. */
export function splitQuote(text: string): { own: string; quote: string } {
  const lines = text.trimEnd().split("\n");
  let from = lines.length;
  while (from > 0 && (lines[from - 1] as string).startsWith(">")) from--;
  if (from === lines.length) return { own: text, quote: "" };
  if (from > 0 && (lines[from - 1] as string).endsWith(":")) from--;
  return { own: `${lines.slice(0, from).join("\n").trimEnd()}`, quote: lines.slice(from).join("\n") };
}

/** A signature as it stands below a text (RFC 3676 §4.3); "" where there is none. */
export function signed(signature: string): string {
  const text = signature.trim();
  return text ? `\n\n-- \n${text}` : "";
}

/** A text with one signature instead of another. */
export function resigned(own: string, was: string, now: string): string {
  const old = signed(was);
  if (old && own.endsWith(old)) return own.slice(0, own.length - old.length) + signed(now);
  return old ? own : own + signed(now);
}
