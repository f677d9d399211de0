import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { locale, t } from "../../locales/text.js";
import type { AccountId, Methods } from "../../jmap/client.js";
import { dayOf } from "../../model/alarm.js";
import type { MailAccount } from "../../model/mailboxes.js";
import { mondayOf, sundayOf, weekAfter } from "../../model/week.js";
import { reason } from "../../store/reason.js";
import { go, write } from "../../store/route.js";
import { useMail } from "../../ui/mail.js";
import { useNow } from "../work/hooks.js";
import { Days } from "./Days.js";
import { Kinds, Late } from "./Late.js";
import { took } from "./took.js";
import "./week.css";

export type Report = Methods["WorkReport/get"]["answer"];

const hour = 3_600_000; // milliseconds

/** What became of a premises' mailbox in a week, for its owners. */
export default function Week({ account, week }: { account: MailAccount; week: string }) {
  const mail = useMail();
  const now = useNow(hour);
  const thisWeek = mondayOf(dayOf(now)) as string;
  const monday = mondayOf(week) ?? thisWeek;
  const { data, error } = useQuery(mail.work.report(account.id, monday, sundayOf(monday)));
  useEffect(() => {
    document.title = t.pageTitle(t.week, account.name);
  }, [account.name]);
  return (
    <div className="sheet week">
      <div className="sheet-column week-column">
        <h1>
          {t.week}
          <small>{account.name}</small>
        </h1>
        <nav className="week-pages" aria-label={t.weeks}>
          <WeekLink account={account.id} week={weekAfter(monday, -1)} label={t.weekBefore} />
          <strong>{t.weekOf(dayText(monday), dayText(sundayOf(monday)))}</strong>
          {monday < thisWeek && <WeekLink account={account.id} week={weekAfter(monday, 1)} label={t.weekAfter} />}
        </nav>
        {error ? <p role="alert">{t.wentWrong(reason(error))}</p> : data ? <Whole report={data} account={account.id} /> : <p role="status">{t.loading}</p>}
      </div>
    </div>
  );
}

function WeekLink({ account, week, label }: { account: AccountId; week: string; label: string }) {
  const to = { accountId: account, week };
  return (
    <a href={write(to)} onClick={(e) => (e.preventDefault(), go(to))}>
      {label}
    </a>
  );
}

function Whole({ report, account }: { report: Report; account: AccountId }) {
  const { total } = report;
  const isEmpty = total.arrived + total.answered + total.done + total.late === 0;
  return (
    <>
      {!report.areHoursKnown && <p className="notice">{t.hoursUnknown}</p>}
      {isEmpty ? (
        <p className="week-says">{t.weekEmpty}</p>
      ) : (
        <dl className="week-figures">
          <Figure name={t.arrivedHead} value={String(total.arrived)} />
          <Figure name={t.answeredHead} value={String(total.answered)} />
          <Figure name={t.done} value={String(total.done)} />
          <Figure name={t.lateHead} value={String(total.late)} bad={total.late > 0} />
          <Figure name={t.halfWithin} value={took(total.medianSeconds)} />
          <Figure name={t.mostWithin} value={took(total.mostSeconds)} />
        </dl>
      )}
      <Days report={report} />
      {!isEmpty && <Kinds categories={report.categories} />}
      {report.late.length > 0 && <Late report={report} account={account} />}
      <p className="week-how">{t.weekHow}</p>
    </>
  );
}

function Figure({ name, value, bad }: { name: string; value: string; bad?: boolean }) {
  return (
    <div className={bad ? "bad" : ""}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** A day in words: "Mon 23 Nov". */
export function dayText(day: string): string {
  return new Date(`${day}T12:00:00Z`).toLocaleDateString(locale, { weekday: "short", day: "numeric", month: "short", timeZone: "Europe/London" });
}
