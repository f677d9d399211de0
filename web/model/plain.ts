// Plain text of letters: its parts, for showing.

export interface Piece {
  kind: "text" | "link" | "quote";
  text: string;
  href?: string;
}

/** A text in pieces: what is quoted (RFC 3676 §4.5) and links stand apart. */
export function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  let quoted: string[] = [];
  let own: string[] = [];
  const end = () => {
    if (own.length) pieces.push(...linked(own.join("\n")));
    own = [];
  };
  const endQuote = () => {
    if (quoted.length) pieces.push({ kind: "quote", text: quoted.join("\n") });
    quoted = [];
  };
  for (const line of text.replaceAll("\r\n", "\n").split("\n")) {
    if (line.startsWith(">")) {
      end();
      quoted.push(line.replace(/^> ?/, ""));
    } else {
      endQuote();
      own.push(line);
    }
  }
  end();
  endQuote();
  return pieces;
}

const address = /\bhttps?:\/\/[^\s<>"')\]]+[^\s<>"')\].,;:!?]|\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b/g;

/** The web addresses and e-mail addresses of a text made links. */
export function linked(text: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const m of text.matchAll(address)) {
    if (m.index > at) pieces.push({ kind: "text", text: text.slice(at, m.index) });
    pieces.push({ kind: "link", text: m[0], href: m[0].startsWith("http") ? m[0] : `mailto:${m[0]}` });
    at = m.index + m[0].length;
  }
  if (at < text.length) pieces.push({ kind: "text", text: text.slice(at) });
  return pieces;
}
