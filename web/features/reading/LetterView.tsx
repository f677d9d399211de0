import { useState } from "react";
import { locale, t } from "../../locales/text.js";
import type { AccountId, EmailAddress } from "../../jmap/client.js";
import { fullDate, listDate } from "../../model/dates.js";
import type { Asked } from "../../model/links.js";
import { nameOf } from "../../model/people.js";
import type { Letter } from "../../store/letters.js";
import { Attachments } from "./Attachments.js";
import { Body } from "./Body.js";
import { Details } from "./Details.js";
import { Receipt } from "./Receipt.js";
import { Filed } from "../record/Filed.js";
import { Verdict } from "./Verdict.js";

interface Props {
  accountId: AccountId;
  letter: Letter;
  isOpen: boolean;
  onToggle: () => void;
  onMailto?: ((asked: Asked) => void) | undefined;
  /** Stands below an open letter. */
  actions?: React.ReactNode;
}

/** A letter of a conversation, folded or whole. */
export function LetterView({ accountId, letter, isOpen, onToggle, onMailto, actions }: Props) {
  const [details, setDetails] = useState(false);
  const from = letter.from?.[0];
  const who = from ? nameOf(from) : t.draft;
  return (
    <article className={`letter ${isOpen ? "open" : ""}`} aria-label={t.body(who)}>
      <header className="letter-head">
        <button type="button" className="letter-fold" aria-expanded={isOpen} onClick={onToggle}>
          <strong>{who}</strong>
          <time dateTime={letter.receivedAt} title={fullDate(letter.receivedAt, locale)}>
            {listDate(letter.receivedAt, new Date(), locale)}
          </time>
          {!isOpen && <span className="letter-preview">{letter.preview}</span>}
        </button>
        {isOpen && (
          <div className="letter-to">
            <span>
              {t.to}: {people([...(letter.to ?? []), ...(letter.cc ?? [])])}
            </span>
            <button type="button" className="linked" aria-expanded={details} onClick={() => setDetails(!details)}>
              {details ? t.hideDetails : t.details}
            </button>
          </div>
        )}
        {isOpen && details && <Details accountId={accountId} letter={letter} />}
      </header>
      {isOpen && <Filed accountId={accountId} letter={letter} />}
      {isOpen && <Verdict letter={letter} />}
      {isOpen && <Receipt accountId={accountId} letter={letter} />}
      {isOpen && <Body accountId={accountId} letter={letter} who={who} onMailto={onMailto} />}
      {isOpen && letter.attachments.length > 0 && <Attachments accountId={accountId} letter={letter} />}
      {isOpen && actions}
    </article>
  );
}

const namedAtMost = 4;

function people(list: readonly EmailAddress[]): string {
  const names = list.slice(0, namedAtMost).map(nameOf).join(", ");
  return list.length > namedAtMost ? `${names} +${list.length - namedAtMost}` : names;
}
