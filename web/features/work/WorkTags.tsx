import { statusText } from "./WorkBar.js";
import { t } from "../../locales/text.js";
import type { WorkItem } from "../../jmap/client.js";
import { viewOf } from "../../model/work.js";
import { useMail } from "../../ui/mail.js";
import "./work.css";

/** Who handles a conversation, on its line in the list. */
export function WorkTags({ item }: { item: WorkItem }) {
  const { me } = useMail().work;
  const view = viewOf(item, me);
  if (view === "unassigned") return null;
  const name = view === "done" ? t.status.done : view === "mine" ? t.yours : (item.handledByName ?? t.status.handled);
  return (
    <span className={`tag work-tag ${view}`} title={statusText(item, me)}>
      {name}
    </span>
  );
}
