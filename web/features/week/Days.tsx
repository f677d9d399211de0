import { locale, t } from "../../locales/text.js";
import type { WorkDay } from "../../jmap/client.js";
import { dayText, type Report } from "./Week.js";
import { took } from "./took.js";

/** The days of a week: as bars for the eye, and as a table that says the same and more. */
export function Days({ report }: { report: Report }) {
  const most = Math.max(1, ...report.days.map((d) => Math.max(d.arrived, d.done)));
  return (
    <section>
      <h2 id="week-days">{t.byDay}</h2>
      <div className="week-bars" aria-hidden="true">
        {report.days.map((d) => (
          <div key={d.day}>
            <span className="bars">
              <span className="arrived" style={{ height: `${(100 * d.arrived) / most}%` }} />
              <span className="done" style={{ height: `${(100 * d.done) / most}%` }} />
            </span>
            {dayText(d.day).split(/,? /)[0]}
          </div>
        ))}
        <p className="week-key">
          <span className="arrived" /> {t.arrivedHead} <span className="done" /> {t.done}
        </p>
      </div>
      <div className="week-scroll" tabIndex={0} role="region" aria-labelledby="week-days">
        <table>
          <thead>
            <tr>
              {[t.day, t.arrivedHead, t.answeredHead, t.done, t.lateHead, t.halfWithin, t.mostWithin, t.check].map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {report.days.map((d) => (
              <Row key={d.day} day={d} />
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">{t.wholeWeek}</th>
              <Cells of={report.total} />
              <td>{t.checksMade(report.days.filter((d) => d.checkedAt).length, report.days.filter((d) => d.isMissed).length)}</td>
            </tr>
          </tfoot>
        </table>
      </div>
    </section>
  );
}

function Row({ day }: { day: WorkDay }) {
  return (
    <tr>
      <th scope="row">{dayText(day.day)}</th>
      <Cells of={day} />
      <td className={day.isMissed ? "bad" : ""}>{checkText(day)}</td>
    </tr>
  );
}

export function Cells({ of }: { of: Pick<WorkDay, "arrived" | "answered" | "done" | "late" | "medianSeconds" | "mostSeconds"> }) {
  return (
    <>
      <td>{of.arrived}</td>
      <td>{of.answered}</td>
      <td>{of.done}</td>
      <td className={of.late > 0 ? "bad" : ""}>{of.late}</td>
      <td>{took(of.medianSeconds)}</td>
      <td>{took(of.mostSeconds)}</td>
    </>
  );
}

/** Who made the check of a day and when, or that nobody did. */
function checkText(d: WorkDay): string {
  if (d.checkedAt) {
    const at = new Date(d.checkedAt).toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit", timeZone: "Europe/London" });
    return t.checkedAt(at, d.checkedByName ?? t.aColleague);
  }
  return d.isMissed ? t.checkMissed : d.isAsked ? "–" : t.closedDay;
}
