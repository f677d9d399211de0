import { Fragment } from "react";
import { t } from "../../locales/text.js";
import { linkOf, mailtoOf, type Asked } from "../../model/links.js";
import { linked, piecesOf, type Piece } from "../../model/plain.js";

type OnMailto = ((asked: Asked) => void) | undefined;

/** A plain text, with its links; what is quoted at the end is folded. */
export function PlainText({ text, onMailto }: { text: string; onMailto?: OnMailto }) {
  const pieces = piecesOf(text.trimEnd());
  return (
    <div className="plain">
      {pieces.map((p, i) =>
        p.kind !== "quote" ? (
          <PieceView key={i} piece={p} onMailto={onMailto} />
        ) : i === pieces.length - 1 ? (
          <details key={i}>
            <summary>{t.showQuoted}</summary>
            <Quote text={p.text} onMailto={onMailto} />
          </details>
        ) : (
          <Quote key={i} text={p.text} onMailto={onMailto} />
        ),
      )}
    </div>
  );
}

function Quote({ text, onMailto }: { text: string; onMailto: OnMailto }) {
  return (
    <blockquote>
      {linked(text).map((p, i) => (
        <PieceView key={i} piece={p} onMailto={onMailto} />
      ))}
    </blockquote>
  );
}

function PieceView({ piece, onMailto }: { piece: Piece; onMailto: OnMailto }) {
  if (piece.kind !== "link" || !piece.href) return <Fragment>{piece.text}</Fragment>;
  const url = linkOf(piece.href);
  if (url?.protocol === "mailto:" && onMailto) {
    return (
      <a
        href={piece.href}
        onClick={(e) => {
          e.preventDefault();
          onMailto(mailtoOf(url));
        }}
      >
        {piece.text}
      </a>
    );
  }
  return (
    <a href={piece.href} target="_blank" rel="noopener noreferrer nofollow">
      {piece.text}
    </a>
  );
}
