import { Fragment } from "react";
import { t } from "../../locales/text.js";
import { linked, piecesOf, type Piece } from "../../model/plain.js";

/** A plain text, with its links; what is quoted at the end is folded. */
export function PlainText({ text }: { text: string }) {
  const pieces = piecesOf(text.trimEnd());
  return (
    <div className="plain">
      {pieces.map((p, i) =>
        p.kind !== "quote" ? (
          <PieceView key={i} piece={p} />
        ) : i === pieces.length - 1 ? (
          <details key={i}>
            <summary>{t.showQuoted}</summary>
            <Quote text={p.text} />
          </details>
        ) : (
          <Quote key={i} text={p.text} />
        ),
      )}
    </div>
  );
}

function Quote({ text }: { text: string }) {
  return (
    <blockquote>
      {linked(text).map((p, i) => (
        <PieceView key={i} piece={p} />
      ))}
    </blockquote>
  );
}

function PieceView({ piece }: { piece: Piece }) {
  if (piece.kind !== "link" || !piece.href) return <Fragment>{piece.text}</Fragment>;
  return (
    <a href={piece.href} target="_blank" rel="noopener noreferrer nofollow">
      {piece.text}
    </a>
  );
}
