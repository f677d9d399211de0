import { useMemo } from "react";
import { t } from "../../locales/text.js";
import { cardsOf } from "../../model/files/cards.js";
import { decodedText } from "../../model/files/texts.js";
import type { ViewProps } from "./FileView.js";

const shownAtMost = 200;

/** Business cards. */
export function CardView({ octets }: ViewProps) {
  const cards = useMemo(() => cardsOf(decodedText(octets)), [octets]);
  if (cards.length === 0) return <p className="viewer-says">{t.unshown.broken}</p>;
  return (
    <>
      {cards.length > shownAtMost && <p className="notice">{t.shownInPart}</p>}
      {cards.slice(0, shownAtMost).map((card, i) => (
        <section key={i} className="facts" aria-label={card.name}>
          <h3>{card.name}</h3>
          <dl>
            {card.facts.map(([kind, text], j) => (
              <div key={j}>
                <dt>{t.cardFacts[kind]}</dt>
                <dd>{text}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </>
  );
}
