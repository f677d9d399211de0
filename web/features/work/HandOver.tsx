import { useQuery } from "@tanstack/react-query";
import { useId, useState, type FormEvent } from "react";
import { handTo, sayRefusal, wrongText, type Handling } from "../../actions/work.js";
import { t } from "../../locales/text.js";
import { colleaguesLike, refusalOf, type Colleague } from "../../model/work.js";
import { Button } from "../../ui/Button.js";
import { Dialog } from "../../ui/Dialog.js";
import { octets } from "./octets.js";

/** Asks who is to have the conversations, with a note for that colleague. */
export function HandOver({ handling, onClose }: { handling: Handling; onClose: () => void }) {
  const { mail, accountId, items } = handling;
  const [to, setTo] = useState<Colleague>();
  const [note, setNote] = useState("");
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState(false);
  const most = mail.work.of(accountId)?.maxSizeNote ?? 0;
  const ids = { note: useId(), hint: useId() };

  const submit = async (e: FormEvent) => {
    e.preventDefault();
    if (!to) return setWrong(t.chooseColleague);
    if (octets(note) > most) return setWrong(t.noteTooLong);
    setBusy(true);
    let stays = false;
    await handTo(handling, to, note.trim(), (why) => {
      stays = refusalOf(why.says)?.why === "no-access";
      if (stays) setWrong(sayRefusal(why));
      return stays;
    });
    setBusy(false);
    if (!stays) onClose();
  };
  return (
    <Dialog title={t.handOverTitle(items.length)} onClose={onClose}>
      <form className="hand-over" onSubmit={(e) => void submit(e)}>
        <Colleagues handling={handling} chosen={to} onChoose={(c) => (setTo(c), setWrong(""))} />
        <label className="dialog-field" htmlFor={ids.note}>
          {t.handOverNote}
        </label>
        <textarea id={ids.note} className="field" rows={3} value={note} aria-describedby={ids.hint} onChange={(e) => setNote(e.target.value)} />
        <small id={ids.hint}>{t.neverLeaves}</small>
        <p role="alert" className="dialog-wrong">
          {wrong}
        </p>
        <div className="dialog-buttons">
          <Button label={t.cancel} onClick={onClose} />
          <Button type="submit" label={t.handOver} kind="primary" icon="hand-over" disabled={busy} />
        </div>
      </form>
    </Dialog>
  );
}

interface ColleaguesProps {
  handling: Handling;
  chosen: Colleague | undefined;
  onChoose: (c: Colleague) => void;
}

/** The colleagues of the mailbox, fewer of them as one types. */
function Colleagues({ handling, chosen, onChoose }: ColleaguesProps) {
  const { mail, accountId, items } = handling;
  const name = useId();
  const [text, setText] = useState("");
  const { data, error } = useQuery({ ...mail.work.colleagues(accountId), retry: false });
  const holders = new Set(items.map((i) => i.handledBy));
  const others = (data ?? []).filter((c) => !(holders.size === 1 && holders.has(c.id)));
  const list = colleaguesLike(others, text, mail.work.me);
  return (
    <fieldset className="colleagues">
      <legend>{t.handOverTo}</legend>
      <input className="field" type="search" value={text} aria-label={t.findColleague} placeholder={t.findColleague} autoComplete="off" onChange={(e) => setText(e.target.value)} />
      <div className="colleague-list" aria-live="polite">
        {list.map((c) => (
          <label key={c.id} className="colleague">
            <input type="radio" name={name} checked={chosen?.id === c.id} onChange={() => onChoose(c)} />
            <span>
              {c.name}
              {c.isHere && <small>{t.isHereNow}</small>}
              {others.some((o) => o.id !== c.id && o.name === c.name) && <small>{c.email}</small>}
            </span>
          </label>
        ))}
        {data && list.length === 0 && <p>{text.trim() ? t.nobodyFound(text.trim()) : t.nobodyElse}</p>}
        {error && <p>{wrongText(error)}</p>}
      </div>
      <small>{t.findHint}</small>
    </fieldset>
  );
}
