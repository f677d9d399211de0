import { useQuery } from "@tanstack/react-query";
import { keptText, momentText, takeBackFiling } from "../../actions/record.js";
import { t } from "../../locales/text.js";
import type { AccountId, WorkFiling } from "../../jmap/client.js";
import { grouped } from "../../model/patient.js";
import { filedKeyword } from "../../model/row.js";
import type { Letter } from "../../store/letters.js";
import { Icon } from "../../ui/Icon.js";
import { useMail } from "../../ui/mail.js";
import "./record.css";

/** That a letter was filed: by whom, when, for whom, and until when it is kept. */
export function Filed({ accountId, letter }: { accountId: AccountId; letter: Letter }) {
  const mail = useMail();
  const { data } = useQuery({ ...mail.filings.of(accountId, letter.threadId), enabled: letter.keywords[filedKeyword] === true });
  const all = (data ?? []).filter((f) => f.emailId === letter.id);
  if (!letter.keywords[filedKeyword] || all.length === 0) return null;
  return (
    <ul className="filed" aria-label={t.filed}>
      {all.map((f) => (
        <Line key={f.id} filing={f} onTakeBack={mayTakeBack(f, mail.work.me, mail.filings.in(accountId)?.takeBackSeconds) ? () => void takeBackFiling(mail, accountId, f) : undefined} />
      ))}
    </ul>
  );
}

/** Whether the button is shown; the service decides. */
function mayTakeBack(f: WorkFiling, me: AccountId | undefined, seconds = 0): boolean {
  return f.filedBy === me && Date.now() - Date.parse(f.filedAt) < seconds * 1000;
}

function Line({ filing, onTakeBack }: { filing: WorkFiling; onTakeBack: (() => void) | undefined }) {
  return (
    <li>
      <Icon name="record" />
      <span className="filed-says">
        <strong>{t.filedLine(filing.filedByName ?? t.aColleague, momentText(filing.filedAt))}</strong>
        <span>{t.filedFor(grouped(filing.nhsNumber), filing.reference)}</span>
        <span>{t.keepUntil(keptText(filing.keepUntil))}</span>
      </span>
      {onTakeBack && (
        <button type="button" className="linked" onClick={onTakeBack}>
          {t.takeBack}
        </button>
      )}
    </li>
  );
}
