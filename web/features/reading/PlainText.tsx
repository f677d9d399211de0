import { Fragment, type MouseEvent } from "react";
import { t } from "../../locales/text.js";
import { isWeb } from "../../model/linkrules.js";
import { linkOf, mailtoOf, type Asked } from "../../model/links.js";
import { linked, piecesOf, type Piece } from "../../model/plain.js";
import { useLinks, type Links } from "./useLinks.js";

/** What is done with links. */
interface Ways {
  links: Links;
  onMailto: ((asked: Asked) => void) | undefined;
}

/** A plain text, with its links; what is quoted at the end is folded. */
export function PlainText({ text, onMailto }: { text: string; onMailto?: Ways["onMailto"] }) {
  const ways = { links: useLinks(), onMailto };
  const pieces = piecesOf(text.trimEnd());
  return (
    <div className="plain">
      {pieces.map((p, i) =>
        p.kind !== "quote" ? (
          <PieceView key={i} piece={p} ways={ways} />
        ) : i === pieces.length - 1 ? (
          <details key={i}>
            <summary>{t.showQuoted}</summary>
            <Quote text={p.text} ways={ways} />
          </details>
        ) : (
          <Quote key={i} text={p.text} ways={ways} />
        ),
      )}
    </div>
  );
}

function Quote({ text, ways }: { text: string; ways: Ways }) {
  return (
    <blockquote>
      {linked(text).map((p, i) => (
        <PieceView key={i} piece={p} ways={ways} />
      ))}
    </blockquote>
  );
}

function PieceView({ piece, ways: { links, onMailto } }: { piece: Piece; ways: Ways }) {
  if (piece.kind !== "link" || !piece.href) return <Fragment>{piece.text}</Fragment>;
  const url = linkOf(piece.href);
  const why = url && links.blocked(url);
  if (why !== undefined) {
    return (
      <>
        {piece.text} <span className="blocked-link">{why}</span>
      </>
    );
  }
  const follow = (e: MouseEvent) => {
    if (!url || !isWeb(url) || e.button > 1) return;
    e.preventDefault();
    links.follow(url);
  };
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
    <a href={piece.href} target="_blank" rel="noopener noreferrer nofollow" onClick={follow} onAuxClick={follow}>
      {piece.text}
    </a>
  );
}
