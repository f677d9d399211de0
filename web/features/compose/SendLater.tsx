import { useState } from "react";
import { shortMoment } from "../../actions/names.js";
import { locale, t } from "../../locales/text.js";
import { localMoment, momentOf, times } from "../../model/later.js";
import { Button } from "../../ui/Button.js";
import { Dialog } from "../../ui/Dialog.js";

interface Props {
  /** The latest that the service lets a letter wait. */
  latest: Date;
  onChosen: (when: Date) => void;
  onClose: () => void;
}

/** Asks when a letter is to go. */
export function SendLater({ latest, onChosen, onClose }: Props) {
  const now = new Date();
  const [text, setText] = useState(localMoment(times(now)[0]?.at ?? now));
  const at = momentOf(text);
  const wrong = !at ? t.noMoment : at.getTime() < now.getTime() + 60_000 ? t.momentPast : at > latest ? t.momentFar(latest.toLocaleDateString(locale, { day: "numeric", month: "long" })) : undefined;
  return (
    <Dialog title={t.sendLater} onClose={onClose}>
      <div className="later">
          <ul role="list">
            {times(now).map(({ id, at: then }) => (
              <li key={id}>
                <button type="button" className="button later-time" onClick={() => onChosen(then)}>
                  <span>{t.laterTimes[id]}</span>
                  <small>{shortMoment(then)}</small>
                </button>
              </li>
            ))}
          </ul>
          <form
            onSubmit={(e) => {
              e.preventDefault();
              if (at && !wrong) onChosen(at);
            }}
          >
            <label htmlFor="later-at">{t.otherTime}</label>
            <input id="later-at" className="field" type="datetime-local" value={text} min={localMoment(now)} max={localMoment(latest)} aria-describedby="later-wrong" onChange={(e) => setText(e.target.value)} />
            <p id="later-wrong" className="later-wrong" role="status">
              {wrong ?? ""}
            </p>
            <div className="later-buttons">
              <button type="submit" className="button primary" disabled={!!wrong}>
                {t.sendThen}
              </button>
              <Button label={t.cancel} onClick={onClose} />
            </div>
          </form>
      </div>
    </Dialog>
  );
}
