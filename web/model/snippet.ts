// Where a letter says what was looked for, as the service shows it (RFC 8621 §5): HTML of nothing but escaped text and <mark>.

export interface Bit {
  text: string;
  /** It was looked for. */
  mark: boolean;
}

const escaped: Record<string, string> = { "&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"', "&#34;": '"', "&#39;": "'", "&apos;": "'" };

/** A snippet in bits, so that it is shown as text and never as HTML. */
export function bitsOf(snippet: string): Bit[] {
  return snippet
    .split(/<mark>(.*?)<\/mark>/s)
    .map((part, i) => ({ text: part.replace(/&(?:lt|gt|amp|quot|apos|#34|#39);/g, (e) => escaped[e] as string), mark: i % 2 === 1 }))
    .filter((b) => b.text !== "");
}
