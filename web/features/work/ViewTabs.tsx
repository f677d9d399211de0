import { useQuery } from "@tanstack/react-query";
import { t } from "../../locales/text.js";
import type { AccountId, WorkCounts } from "../../jmap/client.js";
import { workViews, type WorkView } from "../../model/views.js";
import { go, useRoute, write, type Route } from "../../store/route.js";
import { useMail } from "../../ui/mail.js";

/** The views of a shared Inbox, with how many conversations each has. */
export function ViewTabs({ accountId }: { accountId: AccountId }) {
  const mail = useMail();
  const { view: now = "all", ...place } = useRoute();
  const { data: counts } = useQuery(mail.work.counts(accountId));
  return (
    <nav className="views" aria-label={t.viewsOf}>
      {workViews.map((view) => {
        const to: Route = view === "all" ? place : { ...place, view };
        return (
          <a
            key={view}
            href={write(to)}
            className={`view ${view}`}
            aria-current={view === now ? "page" : undefined}
            onClick={(e) => {
              if (e.ctrlKey || e.metaKey || e.shiftKey) return;
              e.preventDefault();
              go(to);
            }}
          >
            {t.views[view]}
            {counts && view !== "due" && <span className="count">{countOf(counts, view)}</span>}
          </a>
        );
      })}
    </nav>
  );
}

function countOf(counts: WorkCounts, view: Exclude<WorkView, "due">): number {
  return view === "all" ? counts.unassigned + counts.mine + counts.others + counts.done : counts[view];
}
