import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { done, type Handling } from "../../actions/work.js";
import { locale, t } from "../../locales/text.js";
import type { AccountId, WorkDeadline, WorkStep } from "../../jmap/client.js";
import { alarmOf, type Alarm } from "../../model/alarm.js";
import { dueOf } from "../../model/deadlines.js";
import { clockDate } from "../../model/dates.js";
import { blank } from "../../model/work.js";
import { go, useRoute, write } from "../../store/route.js";
import { Button } from "../../ui/Button.js";
import { Icon } from "../../ui/Icon.js";
import { useMail } from "../../ui/mail.js";
import { useBoard, useNow } from "./hooks.js";
import "./banners.css";

const shown = 20;

/** What of a mailbox is late or soon will be, above its list; it goes only when that is done. */
export function AlarmBanner({ accountId }: { accountId: AccountId }) {
  const mail = useMail();
  const { data } = useQuery(mail.work.deadlines(accountId));
  const now = useNow();
  const [open, setOpen] = useState(false);
  const alarm = data && alarmOf(data, now);
  if (!alarm) return null;
  const { late, soon } = alarm;
  return (
    <section className={`alarm ${late.length ? "late" : "soon"}`} aria-label={t.alarm}>
      <div className="alarm-says">
        <Icon name="clock" />
        <p role="status">
          <strong>{[late.length > 0 && t.alarmLate(late.length), soon.length > 0 && t.alarmSoon(soon.length)].filter(Boolean).join(" ")}</strong>
          {late.length > 0 && <small>{toldText(alarm, now)}</small>}
        </p>
        <Button label={open ? t.alarmHide : t.alarmShow} aria-expanded={open} onClick={() => setOpen(!open)} />
      </div>
      {open && <Pressing accountId={accountId} deadlines={[...late, ...soon].slice(0, shown)} more={late.length + soon.length - shown} now={now} />}
    </section>
  );
}

/** Who was told when, and who is told next. */
export function toldText({ told, next }: Pick<Alarm, "told" | "next">, now: number): string {
  const at = (moment: string) => clockDate(moment, new Date(now), locale);
  const by = (s: WorkStep) => (s.texts > 0 ? "text" : s.letters > 0 ? "letter" : "none");
  return [told.length === 0 ? t.nobodyTold : t.toldSteps(told.map((s) => t.toldAt(s.stage, at(s.at), by(s)))), next && t.climbsAt(at(next))].filter(Boolean).join(" ");
}

function Pressing({ accountId, deadlines, more, now }: { accountId: AccountId; deadlines: readonly WorkDeadline[]; more: number; now: number }) {
  const mail = useMail();
  const route = useRoute();
  const ids = deadlines.map((d) => d.threadId);
  const { data: titles } = useQuery(mail.work.titles(accountId, ids));
  const items = useBoard(accountId);
  useEffect(() => mail.work.board(accountId).look(ids));
  const folder = route.folder;
  return (
    <ul className="alarm-list">
      {deadlines.map((d) => {
        const to = { accountId, ...(folder && { folder }), thread: d.threadId };
        const { state, n, unit } = dueOf(d, now);
        const item = items.get(d.threadId);
        const title = titles?.get(d.threadId);
        return (
          <li key={d.id}>
            {title === undefined && titles ? (
              <span>
                {t.lettersGone} <DoneButton handling={{ mail, accountId, items: [item ?? blank(d.threadId)], ask: () => {} }} />
              </span>
            ) : (
              <a href={write(to)} onClick={(e) => (e.preventDefault(), go(to))}>
                {title || t.noSubject}
              </a>
            )}
            <small>
              {[t.kinds[d.rule] ?? d.rule, (state === "late" ? t.late : t.dueIn)(t.span(n, unit)), item?.status === "handled" ? t.handledByName(item.handledByName ?? t.aColleague) : item && t.nobodyHandles].filter(Boolean).join(", ")}
            </small>
          </li>
        );
      })}
      {more > 0 && <li>{t.andMore(more)}</li>}
    </ul>
  );
}

function DoneButton({ handling }: { handling: Handling }) {
  return done.may(handling) ? <Button label={t.done} onClick={() => void done.run(handling)} /> : null;
}
