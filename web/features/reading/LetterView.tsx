import { useMemo, useState } from "react";
import { locale, t } from "../../locales/text.js";
import type { AccountId, EmailAddress } from "../../jmap/client.js";
import { fullDate, listDate } from "../../model/dates.js";
import { nameOf, written } from "../../model/people.js";
import { sizeText } from "../../model/sizes.js";
import type { Letter } from "../../store/letters.js";
import { Button } from "../../ui/Button.js";
import { Icon } from "../../ui/Icon.js";
import { useMail } from "../../ui/mail.js";
import { Frame } from "./Frame.js";
import { PlainText } from "./PlainText.js";
import { sanitise } from "./sanitise.js";

interface Props {
  accountId: AccountId;
  letter: Letter;
  isOpen: boolean;
  onToggle: () => void;
  /** Stands below an open letter. */
  actions?: React.ReactNode;
}

/** A letter of a conversation, folded or whole. */
export function LetterView({ accountId, letter, isOpen, onToggle, actions }: Props) {
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
      {isOpen && <Body accountId={accountId} letter={letter} who={who} />}
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

function Details({ accountId, letter }: { accountId: AccountId; letter: Letter }) {
  const mail = useMail();
  const rows: [string, readonly EmailAddress[] | null][] = [[t.from, letter.from], [t.to, letter.to], [t.cc, letter.cc], [t.bcc, letter.bcc]];
  return (
    <dl className="letter-details">
      {rows.map(([name, list]) =>
        list?.length ? (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{list.map(written).join(", ")}</dd>
          </div>
        ) : null,
      )}
      <div>
        <dt>{t.date}</dt>
        <dd>{fullDate(letter.sentAt ?? letter.receivedAt, locale)}</dd>
      </div>
      <div>
        <dt>{t.original}</dt>
        <dd>
          <a href={mail.server.downloadUrl(accountId, letter.blobId, "letter.eml", "message/rfc822")} download>
            {sizeText(letter.size)}
          </a>
        </dd>
      </div>
    </dl>
  );
}

function Body({ accountId, letter, who }: { accountId: AccountId; letter: Letter; who: string }) {
  const mail = useMail();
  const [remote, setRemote] = useState(false);
  const html = letter.htmlBody.some((p) => p.type === "text/html");
  const clean = useMemo(() => {
    if (!html) return undefined;
    const whole = letter.htmlBody.map((p) => bodyOf(letter, p)).join("<hr>");
    const inline = (cid: string) => {
      const part = letter.attachments.find((p) => p.cid === cid && p.type.startsWith("image/"));
      return part?.blobId ? mail.server.downloadUrl(accountId, part.blobId, part.name ?? "picture", part.type) : undefined;
    };
    return sanitise(whole, { inline, remote });
  }, [accountId, html, letter, mail, remote]);
  if (!clean) return <PlainText text={letter.textBody.map((p) => (p.partId && letter.bodyValues[p.partId]?.value) || "").join("\n")} />;
  return (
    <>
      {clean.hasRemote && !remote && (
        <p className="notice pictures">
          {t.picturesBlocked} <Button label={t.showPictures} onClick={() => setRemote(true)} />
        </p>
      )}
      <Frame html={clean.html} remote={remote} title={t.body(who)} />
    </>
  );
}

function bodyOf(letter: Letter, part: Letter["htmlBody"][number]): string {
  const value = (part.partId && letter.bodyValues[part.partId]?.value) || "";
  if (part.type === "text/html") return value;
  return `<pre>${value.replace(/[&<>]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[c] as string)}</pre>`;
}

function Attachments({ accountId, letter }: { accountId: AccountId; letter: Letter }) {
  const mail = useMail();
  const shown = letter.attachments.filter((p) => !(p.cid && p.disposition === "inline" && p.type.startsWith("image/")));
  if (shown.length === 0) return null;
  return (
    <section className="attachments" aria-label={t.attachments(shown.length)}>
      <ul>
        {shown.map((p, i) => (
          <li key={p.partId ?? i}>
            {p.blobId && (
              <a className="attachment" href={mail.server.downloadUrl(accountId, p.blobId, p.name ?? "file", p.type)} download={p.name ?? "file"}>
                <Icon name="attach" />
                <span className="attachment-name">{p.name ?? p.type}</span>
                <small>{sizeText(p.size)}</small>
              </a>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
