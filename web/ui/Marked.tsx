/** A text in which words that were looked for are marked, from their beginning. */
export function Marked({ text, words }: { text: string; words: readonly string[] }) {
  if (words.length === 0) return text;
  const pattern = words.map((w) => w.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
  const parts = text.split(new RegExp(`((?<![\\p{L}\\p{N}])(?:${pattern}))`, "giu"));
  return parts.map((part, i) => (i % 2 ? <mark key={i}>{part}</mark> : part));
}
