import { useQuery } from "@tanstack/react-query";
import { locale, t } from "../../locales/text.js";
import type { AccountId, ThreadId, WorkDeadline } from "../../jmap/client.js";
import { dueOf, earliest } from "../../model/deadlines.js";
import { clockDate, fullDate } from "../../model/dates.js";
import { Icon } from "../../ui/Icon.js";
import { useMail } from "../../ui/mail.js";
import { useNow } from "./hooks.js";

const minute = 60_000; // milliseconds

function useDeadline(accountId: AccountId, threadId: ThreadId): WorkDeadline | undefined {
  const mail = useMail();
  const { data } = useQuery({ ...mail.work.deadlines(accountId), enabled: mail.work.isIn(accountId), select: earliest });
  return data?.get(threadId);
}

/** What runs out of a conversation and when, short on a line and with its reason above a conversation. */
export function DueTag({ accountId, threadId, whole }: { accountId: AccountId; threadId: ThreadId; whole?: boolean }) {
  const deadline = useDeadline(accountId, threadId);
  const now = useNow(minute);
  if (!deadline) return null;
  const { state, n, unit } = dueOf(deadline, now);
  const span = t.span(n, unit);
  const says = state === "late" ? t.late(span) : t.dueIn(span);
  const reason = t.kinds[deadline.rule] ?? deadline.rule;
  const told = toldOf(deadline, now);
  return (
    <span className={`tag due ${state}`} title={t.dueUntil(reason, fullDate(deadline.dueAt, locale))}>
      <Icon name="clock" />
      {whole ? [`${reason}: ${says}, ${(state === "late" ? t.wasDue : t.dueBy)(clockDate(deadline.dueAt, new Date(now), locale))}`, told].filter(Boolean).join(", ") : says}
    </span>
  );
}

/** Who was told last that it is late, and when. */
function toldOf({ steps }: WorkDeadline, now: number): string | undefined {
  const last = steps.findLast((s) => s.stage !== "warned");
  return last && t.told(last.stage, clockDate(last.at, new Date(now), locale));
}
