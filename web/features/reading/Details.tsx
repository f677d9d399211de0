import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { locale, t } from "../../locales/text.js";
import type { AccountId, EmailAddress } from "../../jmap/client.js";
import { fullDate } from "../../model/dates.js";
import { written } from "../../model/people.js";
import { sizeText } from "../../model/sizes.js";
import { headersOf, type Letter } from "../../store/letters.js";
import { useMail } from "../../ui/mail.js";

const Viewer = lazy(() => import("../viewer/Viewer.js").then((m) => ({ default: m.Viewer })));

/** Everybody whom a letter names, when it was sent, and for who wants them all its headers and the letter as it came. */
export function Details({ accountId, letter }: { accountId: AccountId; letter: Letter }) {
  const mail = useMail();
  const [headers, setHeaders] = useState(false);
  const [original, setOriginal] = useState(false);
  const people: [string, readonly EmailAddress[] | null][] = [[t.from, letter.from], [t.sender, letter.sender], [t.replyTo, letter.replyTo], [t.to, letter.to], [t.cc, letter.cc], [t.bcc, letter.bcc]];
  const source = { name: t.originalName, type: "text/plain", size: letter.size, load: (signal: AbortSignal) => mail.server.download(accountId, letter.blobId, signal) };
  return (
    <>
      <dl className="letter-details">
        {people.map(([name, list]) => list?.length ? <Row key={name} name={name} text={list.map(written).join(", ")} /> : null)}
        <Row name={t.date} text={fullDate(letter.sentAt ?? letter.receivedAt, locale)} />
        <Row name={t.arrived} text={fullDate(letter.receivedAt, locale)} />
      </dl>
      <p className="letter-sources">
        <button type="button" className="linked" aria-expanded={headers} onClick={() => setHeaders(!headers)}>
          {headers ? t.hideHeaders : t.allHeaders}
        </button>
        <button type="button" className="linked" onClick={() => setOriginal(true)}>
          {t.original}
        </button>
        <a href={mail.server.downloadUrl(accountId, letter.blobId, "letter.eml", "message/rfc822")} download="letter.eml">
          {t.downloadOriginal} ({sizeText(letter.size)})
        </a>
      </p>
      {headers && <Headers accountId={accountId} id={letter.id} />}
      {original && (
        <Suspense fallback={null}>
          <Viewer items={[source]} first={0} onClose={() => setOriginal(false)} />
        </Suspense>
      )}
    </>
  );
}

function Row({ name, text }: { name: string; text: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{text}</dd>
    </div>
  );
}

function Headers({ accountId, id }: { accountId: AccountId; id: Letter["id"] }) {
  const mail = useMail();
  const { data, error } = useQuery({ queryKey: ["headers", accountId, id], queryFn: () => headersOf(mail.server, accountId, id) });
  if (error) return <p role="alert">{t.wentWrong(error.message)}</p>;
  return (
    <pre className="letter-headers" tabIndex={0} aria-label={t.allHeaders} aria-busy={!data}>
      {data?.map((h) => `${h.name}:${h.value}`).join("\n") ?? t.loading}
    </pre>
  );
}
