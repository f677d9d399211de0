import { useQuery } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { t } from "../../locales/text.js";
import { MethodError, type VacationResponse } from "../../jmap/client.js";
import { dayEnd, dayStart, toDay } from "../../model/days.js";
import type { MailAccount } from "../../model/mailboxes.js";
import { reply, setReply, wasChanged } from "../../store/settings.js";
import { useMail } from "../../ui/mail.js";
import { Field, useSaving } from "./form.js";

/** The automatic reply. */
export function ReplyPage({ account }: { account: MailAccount }) {
  const mail = useMail();
  const key = ["reply", account.id];
  const { data, error } = useQuery({ queryKey: key, queryFn: () => reply(mail.server, account.id), staleTime: 0, gcTime: 0 });
  if (error) return <p role="alert">{error instanceof MethodError ? t.ownersOnly : t.wentWrong(error.message)}</p>;
  if (!data) return <p>{t.loading}</p>;
  return <ReplyForm account={account} now={data.reply} state={data.state} />;
}

function ReplyForm({ account, now, state }: { account: MailAccount; now: VacationResponse; state: string }) {
  const mail = useMail();
  const [since, setSince] = useState(state);
  const [on, setOn] = useState(now.isEnabled);
  const [from, setFrom] = useState(toDay(now.fromDate));
  const [until, setUntil] = useState(toDay(now.toDate && dayBefore(now.toDate)));
  const [subject, setSubject] = useState(now.subject ?? "");
  const [text, setText] = useState(now.textBody ?? "");
  const [tried, setTried] = useState(false);
  const noText = on && !text.trim() ? t.replyNoText : undefined;
  const wrongDates = from && until && until < from ? t.replyDates : undefined;
  const saving = useSaving(
    async () => {
      const patch = { isEnabled: on, fromDate: dayStart(from), toDate: dayEnd(until), subject: subject.trim() || null, textBody: text.trim() || null };
      setSince(await setReply(mail.server, account.id, patch, since));
    },
    (e) => (wasChanged(e) ? t.changedMeanwhile : e instanceof Error ? e.message : ""),
  );
  const submit = (e: FormEvent) => {
    e.preventDefault();
    setTried(true);
    if (!noText && !wrongDates) void saving.submit();
  };
  return (
    <form onSubmit={submit} noValidate>
      <label className="settings-check">
        <input type="checkbox" checked={on} onChange={(e) => setOn(e.target.checked)} /> {t.replyOn}
      </label>
      <div className="settings-two">
        <Field label={t.replyFrom} hint={t.dayOrEmpty}>
          {(ids) => <input {...ids} className="field" type="date" value={from} onChange={(e) => setFrom(e.target.value)} />}
        </Field>
        <Field label={t.replyUntil} hint={t.dayOrEmpty} problem={tried ? wrongDates : undefined}>
          {(ids) => <input {...ids} className="field" type="date" value={until} onChange={(e) => setUntil(e.target.value)} />}
        </Field>
      </div>
      <Field label={t.subject} hint={t.replySubjectHint}>
        {(ids) => <input {...ids} className="field" value={subject} maxLength={250} onChange={(e) => setSubject(e.target.value)} />}
      </Field>
      <Field label={t.replyText} hint={account.isPersonal ? t.replyHint : t.replySharedHint} problem={tried ? noText : undefined}>
        {(ids) => <textarea {...ids} className="field" rows={8} value={text} onChange={(e) => setText(e.target.value)} />}
      </Field>
      {saving.bar}
    </form>
  );
}

function dayBefore(end: string): string {
  return new Date(new Date(end).getTime() - 1).toISOString();
}
