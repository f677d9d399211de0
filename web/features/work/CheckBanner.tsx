import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { locale, t } from "../../locales/text.js";
import type { AccountId, WorkCheck } from "../../jmap/client.js";
import { dayOf } from "../../model/alarm.js";
import { clockDate } from "../../model/dates.js";
import { reason } from "../../store/reason.js";
import { Button } from "../../ui/Button.js";
import { Icon } from "../../ui/Icon.js";
import { useMail } from "../../ui/mail.js";
import { useNow } from "./hooks.js";
import "./banners.css";

const minute = 60_000; // milliseconds

/** Asks for the check with which a day begins, until somebody has made it; then says who. */
export function CheckBanner({ accountId }: { accountId: AccountId }) {
  const mail = useMail();
  const now = useNow(minute);
  const { data: check } = useQuery(mail.work.check(accountId, dayOf(now)));
  const [busy, setBusy] = useState(false);
  if (!check || (!check.isAsked && !check.checkedAt)) return null;
  if (check.checkedAt) {
    const by = check.checkedBy === mail.work.me ? t.you : (check.checkedByName ?? t.aColleague);
    return (
      <p className="checked" role="status">
        <Icon name="done" />
        {t.checkedBy(clockDate(check.checkedAt, new Date(now), locale), by)}
      </p>
    );
  }
  const confirm = async () => {
    setBusy(true);
    try {
      await mail.work.makeCheck(accountId, check.day);
    } catch (error) {
      mail.undo.fail(reason(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <section className="check" aria-label={t.check}>
      <p>
        <strong>{t.checkAsked}</strong>
        <small>{checkText(check, now)}</small>
      </p>
      {mail.work.of(accountId)?.mayHandle && <Button label={t.checkDone} icon="done" aria-disabled={busy} onClick={() => !busy && void confirm()} />}
    </section>
  );
}

/** What a check sees. */
function checkText(c: WorkCheck, now: number): string {
  const at = (moment: string) => clockDate(moment, new Date(now), locale);
  return [
    c.since ? t.cameSince(c.came, at(c.since)) : "",
    t.openNow(c.open),
    t.dueToday(c.due),
    c.lateAt && Date.parse(c.lateAt) <= now ? t.checkLate(at(c.lateAt)) : "",
  ]
    .filter(Boolean)
    .join(" ");
}
