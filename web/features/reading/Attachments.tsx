import { lazy, Suspense, useMemo, useState } from "react";
import { t } from "../../locales/text.js";
import type { AccountId } from "../../jmap/client.js";
import { sizeText } from "../../model/sizes.js";
import type { Letter } from "../../store/letters.js";
import { Button } from "../../ui/Button.js";
import { Icon } from "../../ui/Icon.js";
import { useMail } from "../../ui/mail.js";
import { answerWith, mayWrite } from "../../actions/writing.js";
import { editable } from "../compose/editable.js";
import { attachmentsOf, itemsOf } from "../viewer/items.js";

const Viewer = lazy(() => import("../viewer/Viewer.js").then((m) => ({ default: m.Viewer })));

/** The files of a letter. One is shown when it is chosen. */
export function Attachments({ accountId, letter }: { accountId: AccountId; letter: Letter }) {
  const mail = useMail();
  const [open, setOpen] = useState<number>();
  const [packing, setPacking] = useState(false);
  const [failed, setFailed] = useState("");
  const parts = useMemo(() => attachmentsOf(letter), [letter.attachments]); // eslint-disable-line -- marks of the letter change, and its files stay
  const items = useMemo(() => itemsOf(mail.server, accountId, parts, t.unnamed), [mail, accountId, parts]);
  if (items.length === 0) return null;
  const mayAnswer = mayWrite(mail, accountId) && !letter.keywords.$draft;
  const onAnswer = (file: File) => {
    setOpen(undefined);
    void answerWith(mail, accountId, letter, file, editable);
  };
  const downloadAll = async () => {
    setPacking(true);
    setFailed("");
    try {
      const { packed } = await import("../viewer/packed.js");
      await packed(items, letter.subject || t.noSubject);
    } catch (error) {
      setFailed(t.wentWrong(error instanceof Error ? error.message : ""));
    }
    setPacking(false);
  };
  return (
    <section className="attachments" aria-label={t.attachments(items.length)}>
      <ul>
        {items.map((item, i) => (
          <li key={i} className="attachment">
            <button type="button" className="attachment-open" onClick={() => setOpen(i)}>
              <Icon name="attach" />
              <span className="attachment-name">{item.name}</span>
              <small>{sizeText(item.size)}</small>
            </button>
            <a className="button icon plain" href={item.at && mail.server.downloadUrl(accountId, item.at.blobId, item.name, item.type)} download={item.name} aria-label={`${t.download}: ${item.name}`} title={t.download}>
              <Icon name="download" />
            </a>
          </li>
        ))}
      </ul>
      {items.length > 1 && <Button className="download-all" label={packing ? t.packing : t.downloadAll} icon="download" kind="plain" aria-disabled={packing} onClick={() => void (packing || downloadAll())} />}
      {failed && (
        <p className="notice" role="alert">
          {failed}
        </p>
      )}
      {open !== undefined && (
        <Suspense fallback={null}>
          <Viewer items={items} first={open} onClose={() => setOpen(undefined)} {...(mayAnswer && { onAnswer })} />
        </Suspense>
      )}
    </section>
  );
}
