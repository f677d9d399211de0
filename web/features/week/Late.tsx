import { locale, t } from "../../locales/text.js";
import type { AccountId, WorkCategory } from "../../jmap/client.js";
import { fullDate } from "../../model/dates.js";
import { go, write } from "../../store/route.js";
import { useMail } from "../../ui/mail.js";
import { withRole } from "../../model/folders.js";
import { useQuery } from "@tanstack/react-query";
import { Cells } from "./Days.js";
import type { Report } from "./Week.js";

/** What there was of each category. */
export function Kinds({ categories }: { categories: readonly WorkCategory[] }) {
  return (
    <section className="week-kinds">
      <h2 id="week-kinds">{t.byKind}</h2>
      <div className="week-scroll" tabIndex={0} role="region" aria-labelledby="week-kinds">
        <table>
          <thead>
            <tr>
              {[t.kind, t.arrivedHead, t.answeredHead, t.done, t.lateHead, t.halfWithin, t.mostWithin].map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {categories.map((k) => (
              <tr key={k.category ?? ""}>
                <th scope="row">{k.category === null ? t.noKind : (t.kinds[k.category] ?? k.category)}</th>
                <Cells of={k} />
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** What was late, with the way to it. */
export function Late({ report, account }: { report: Report; account: AccountId }) {
  const { data: folders } = useQuery(useMail().folders(account));
  const inbox = folders && withRole(folders, "inbox")?.id;
  return (
    <section>
      <h2>{t.wasLate}</h2>
      <ul className="week-late">
        {report.late.map((d) => {
          const to = { accountId: account, ...(inbox && { folder: inbox }), thread: d.threadId };
          return (
            <li key={`${d.threadId} ${d.dueAt}`}>
              <a href={write(to)} onClick={(e) => (e.preventDefault(), go(to))}>
                {t.lateOne(t.kinds[d.rule] ?? d.rule, fullDate(d.dueAt, locale))}
              </a>
              <small className={d.endedAt ? "" : "bad"}>{d.endedAt ? t.lateDone(fullDate(d.endedAt, locale)) : t.lateOpen}</small>
            </li>
          );
        })}
        {report.hasMoreLate && <li>{t.moreLate(report.late.length)}</li>}
      </ul>
    </section>
  );
}
