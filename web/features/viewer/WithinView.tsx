import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { locale, t } from "../../locales/text.js";
import { fullDate } from "../../model/dates.js";
import { sizeText } from "../../model/sizes.js";
import type { TnefFile } from "../../model/files/tnef.js";
import { written } from "../../model/people.js";
import { parsedLetter } from "../../store/letters.js";
import { Button } from "../../ui/Button.js";
import { useMail } from "../../ui/mail.js";
import { Body } from "../reading/Body.js";
import { FileView, type ViewProps } from "./FileView.js";
import { attachmentsOf, itemsOf, save, type Item } from "./items.js";
import { Unshown } from "./unshown.js";
import { read } from "./work.js";

/** What holds other files: a letter, or a winmail.dat. */
export function WithinView(props: ViewProps) {
  return props.kind === "tnef" ? <Winmail {...props} /> : props.item.at ? <Message {...props} at={props.item.at} /> : <p className="viewer-says">{t.unshown.unknown}</p>;
}

function Message({ at, onFail, onHold, onAnswer }: ViewProps & { at: NonNullable<Item["at"]> }) {
  const mail = useMail();
  const { data, error } = useQuery({ queryKey: ["within", at.accountId, at.blobId], queryFn: () => parsedLetter(mail.server, at.accountId, at.blobId) });
  useEffect(() => {
    if (error) onFail("away");
    else if (data === null) onFail("broken");
  }, [data, error, onFail]);
  if (!data) return <p className="viewer-says">{t.loading}</p>;
  const people: [string, string][] = ([[t.from, data.from], [t.to, data.to], [t.cc, data.cc]] as const).map(([name, list]) => [name, (list ?? []).map(written).join(", ")]);
  return (
    <article className="within">
      <h3>{data.subject || t.noSubject}</h3>
      <dl className="letter-details">
        {[...people, [t.date, data.sentAt ? fullDate(data.sentAt, locale) : ""] as const].map(([name, text]) =>
          text ? (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{text}</dd>
            </div>
          ) : null,
        )}
      </dl>
      <div className="paper" tabIndex={-1}>
        <Body accountId={at.accountId} letter={data} who={data.from?.[0]?.email ?? ""} />
      </div>
      <Inner items={itemsOf(mail.server, at.accountId, attachmentsOf(data), t.unnamed)} onHold={onHold} onAnswer={onAnswer} />
    </article>
  );
}

function Winmail({ octets, onFail, onHold, onAnswer }: ViewProps) {
  const [files, setFiles] = useState<Item[]>();
  useEffect(() => {
    const end = new AbortController();
    read<TnefFile[]>({ does: "tnef", octets }, end.signal).then(
      (list) => setFiles(list.map((f) => ({ name: f.name, type: "application/octet-stream", size: f.data.length, load: async () => new Blob([f.data.slice().buffer]) }))),
      (error: unknown) => {
        if (!end.signal.aborted) onFail(error instanceof Unshown ? error.why : "broken");
      },
    );
    return () => end.abort();
  }, [octets, onFail]);
  if (!files) return <p className="viewer-says">{t.loading}</p>;
  return (
    <>
      <p className="viewer-note">{files.length ? t.winmail : t.emptyWinmail}</p>
      <Inner items={files} onHold={onHold} onAnswer={onAnswer} />
    </>
  );
}

/** Files within a file: a list, and the one that was chosen. */
function Inner({ items, onHold, onAnswer }: { items: readonly Item[] } & Pick<ViewProps, "onHold" | "onAnswer">) {
  const [open, setOpen] = useState<Item>();
  if (items.length === 0) return null;
  const download = (item: Item) => void item.load(new AbortController().signal).then((blob) => save(blob, item.name));
  return (
    <section className="inner" aria-label={t.attachments(items.length)}>
      <ul>
        {items.map((item, i) => (
          <li key={i}>
            <Button label={`${item.name}, ${sizeText(item.size)}`} icon="attach" aria-expanded={item === open} onClick={() => setOpen(item === open ? undefined : item)} />
            <Button label={`${t.download}: ${item.name}`} icon="download" bare kind="plain" onClick={() => download(item)} />
          </li>
        ))}
      </ul>
      {open && <FileView key={open.name} item={open} onDownload={() => download(open)} onPrepare={() => {}} onHold={onHold} onAnswer={onAnswer} />}
    </section>
  );
}
