import { t } from "../../locales/text.js";
import type { AccountId, WorkItem } from "../../jmap/client.js";
import { viewOf } from "../../model/work.js";
import { Icon } from "../../ui/Icon.js";
import { useMail } from "../../ui/mail.js";
import { DueTag } from "./DueTag.js";
import { useOthersAt } from "./hooks.js";
import { statusText } from "./WorkBar.js";
import "./work.css";

/** Who handles a conversation and what runs out of it, on its line in the list. */
export function WorkTags({ accountId, item }: { accountId: AccountId; item: WorkItem }) {
  const { me } = useMail().work;
  const view = viewOf(item, me);
  const name = view === "done" ? t.status.done : view === "mine" ? t.yours : (item.handledByName ?? t.status.handled);
  const writing = useOthersAt(accountId, item.id).filter((o) => o.writes);
  return (
    <>
      {writing.length > 0 && (
        <span className="row-writes" role="img" aria-label={t.writingNow(writing.map((o) => o.name ?? t.aColleague))}>
          <Icon name="write" />
        </span>
      )}
      {item.category && <span className="tag kind">{t.kinds[item.category] ?? item.category}</span>}
      {view !== "done" && <DueTag accountId={accountId} threadId={item.id} />}
      {view !== "unassigned" && (
        <span className={`tag work-tag ${view}`} title={statusText(item, me)}>
          {name}
        </span>
      )}
    </>
  );
}
