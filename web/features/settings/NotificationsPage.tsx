import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { t } from "../../locales/text.js";
import type { AccountId } from "../../jmap/client.js";
import { mailAccounts } from "../../model/mailboxes.js";
import { Notices, type NoticesNow } from "../../store/notices.js";
import { Button } from "../../ui/Button.js";
import { useMail, useSession } from "../../ui/mail.js";

const key = ["notices"];

/** Whether this browser tells of new mail, and in which mailboxes. */
export function NotificationsPage() {
  const mail = useMail();
  const [notices] = useState(() => new Notices(mail.server));
  const { data, error } = useQuery({ queryKey: key, queryFn: () => notices.now(), staleTime: 0 });
  if (error) return <p role="alert">{t.wentWrong(error.message)}</p>;
  if (!data) return <p>{t.loading}</p>;
  return (
    <>
      <p className="settings-hint">{t.noticesHint}</p>
      {data.is === "on" || data.is === "off" ? <NoticesForm notices={notices} now={data} /> : <p className="notice">{t.noticesWhyNot[data.is]}</p>}
    </>
  );
}

function NoticesForm({ notices, now }: { notices: Notices; now: Extract<NoticesNow, { is: "on" } | { is: "off" }> }) {
  const cache = useQueryClient();
  const accounts = mailAccounts(useSession());
  const [chosen, setChosen] = useState<readonly AccountId[]>(now.is === "on" ? now.accounts : accounts.map((a) => a.id));
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const change = async (doing: () => Promise<NoticesNow>) => {
    setBusy(true);
    setProblem(undefined);
    try {
      cache.setQueryData(key, await doing());
    } catch (error) {
      setProblem(t.noticesFailed(error instanceof Error ? error.message : ""));
    } finally {
      setBusy(false);
    }
  };
  const submit = (e: FormEvent) => {
    e.preventDefault();
    if (busy) return;
    if (chosen.length === 0) setProblem(t.noticesNone);
    else void change(() => notices.turnOn(chosen));
  };
  const toggle = (id: AccountId) => setChosen(chosen.includes(id) ? chosen.filter((c) => c !== id) : [...chosen, id]);
  return (
    <form onSubmit={submit}>
      <p role="status" className="settings-now">
        {now.is === "on" ? t.noticesOn : t.noticesOff}
      </p>
      <fieldset>
        <legend>{t.noticesOf}</legend>
        {accounts.map((a) => (
          <label key={a.id} className="settings-check">
            <input type="checkbox" checked={chosen.includes(a.id)} onChange={() => toggle(a.id)} /> {a.name}
          </label>
        ))}
      </fieldset>
      {problem && (
        <p role="alert" className="settings-problem">
          {problem}
        </p>
      )}
      <div className="settings-bar">
        <Button label={now.is === "on" ? t.noticesChange : t.noticesTurnOn} kind="primary" type="submit" aria-disabled={busy} />
        {now.is === "on" && <Button label={t.noticesTurnOff} aria-disabled={busy} onClick={() => void change(() => notices.turnOff())} />}
      </div>
    </form>
  );
}
