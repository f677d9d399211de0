import { useMemo } from "react";
import { locale, t } from "../../locales/text.js";
import { calendarOf, lastDay, type Appointment, type Moment } from "../../model/files/cards.js";
import { decodedText } from "../../model/files/texts.js";
import type { ViewProps } from "./FileView.js";

const shownAtMost = 200;

/** Appointments, in words. */
export function CalendarView({ octets }: ViewProps) {
  const { method, appointments } = useMemo(() => calendarOf(decodedText(octets)), [octets]);
  if (appointments.length === 0) return <p className="viewer-says">{t.noAppointment}</p>;
  return (
    <>
      {appointments.length > shownAtMost && <p className="notice">{t.shownInPart}</p>}
      {appointments.slice(0, shownAtMost).map((a, i) => (
        <section key={i} className="facts" aria-label={a.summary || t.appointment}>
          <h3>{a.summary || t.appointment}</h3>
          {(a.cancelled || method === "CANCEL") && <p className="notice">{t.cancelledAppointment}</p>}
          <dl>
            <Fact name={t.when} text={when(a)} />
            <Fact name={t.where} text={a.location} />
            <Fact name={t.organiser} text={a.organiser} />
            <Fact name={t.invited} text={a.attendees.slice(0, 50).join(", ")} />
            <Fact name={t.about} text={a.description} />
          </dl>
        </section>
      ))}
    </>
  );
}

function Fact({ name, text }: { name: string; text: string }) {
  if (!text) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{text}</dd>
    </div>
  );
}

const dated = { weekday: "long", day: "numeric", month: "long", year: "numeric" } as const;
const timed = { hour: "2-digit", minute: "2-digit" } as const;

function when({ start, end, repeats }: Appointment): string {
  if (!start) return "";
  const until = end && lastDay(end);
  const date = (m: Moment) => m.at.toLocaleDateString(locale, dated);
  const time = (m: Moment) => m.at.toLocaleTimeString(locale, timed);
  const sameDay = until && date(start) === date(until);
  let text = start.whole ? date(start) : `${date(start)}, ${time(start)}`;
  if (until && until.at > start.at) {
    if (start.whole || until.whole) text += sameDay ? "" : ` – ${date(until)}`;
    else text += sameDay ? ` – ${time(until)}` : ` – ${date(until)}, ${time(until)}`;
  }
  if (start.zone) text += ` (${t.clockOf(start.zone)})`;
  const often = /FREQ=(\w+)/i.exec(repeats)?.[1]?.toUpperCase() ?? "";
  return repeats ? `${text}; ${t.repeats[often] ?? t.repeatsSomehow}` : text;
}
