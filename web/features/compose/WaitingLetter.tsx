import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { momentText } from "../../actions/names.js";
import { changeWaiting, putOff } from "../../actions/waiting.js";
import { t } from "../../locales/text.js";
import type { AccountId } from "../../jmap/client.js";
import type { Letter } from "../../store/letters.js";
import { Button } from "../../ui/Button.js";
import { useMail } from "../../ui/mail.js";
import { editable } from "./editable.js";
import { latestOf } from "./latest.js";

const SendLater = lazy(() => import("./SendLater.js").then((m) => ({ default: m.SendLater })));

interface Props {
  accountId: AccountId;
  letter: Letter;
}

/** When a letter of Scheduled goes, and what can be done with it until then. */
export function WaitingLetter({ accountId, letter }: Props) {
  const mail = useMail();
  const { data } = useQuery(mail.waiting.of(accountId));
  const [later, setLater] = useState(false);
  const [busy, setBusy] = useState(false);
  const waits = data?.find((w) => w.emailId === letter.id);
  if (!waits) return null;
  const latest = latestOf(mail.session().accounts[accountId]);
  const act = async (what: Promise<void>) => {
    setBusy(true);
    await what;
    setBusy(false);
  };
  return (
    <div className="letter-answers">
      <span className="tag">{t.goesOn(momentText(new Date(waits.sendAt)))}</span>
      <Button label={t.changeLetter} icon="write" disabled={busy} onClick={() => void act(changeWaiting(mail, accountId, waits, letter, editable))} />
      <Button label={t.sendNow} disabled={busy} onClick={() => void act(putOff(mail, accountId, waits, letter, undefined, editable))} />
      {latest && <Button label={t.changeTime} icon="clock" disabled={busy} onClick={() => setLater(true)} />}
      {later && latest && (
        <Suspense fallback={null}>
          <SendLater
            latest={latest}
            onClose={() => setLater(false)}
            onChosen={(when) => {
              setLater(false);
              void act(putOff(mail, accountId, waits, letter, when, editable));
            }}
          />
        </Suspense>
      )}
    </div>
  );
}
