import { useQueries } from "@tanstack/react-query";
import { useMemo } from "react";
import type { ThreadId, WorkItem } from "../../jmap/client.js";
import { threadOf, type Row } from "../../model/row.js";
import type { MailList } from "../../store/list.js";
import { useMail } from "../../ui/mail.js";

const together = 50; // lines whose handling is asked for at once

/** Who handles what is looked at, where people work together. Asked for in the same parts while somebody scrolls through them. */
export function useWorkOf(list: MailList, rows: readonly (Row | undefined)[], first: number, last: number) {
  const mail = useMail();
  const { accountId } = list.asked;
  const wanted = mail.work.isIn(accountId) && !list.asked.everywhere;
  const from = Math.floor(first / together);
  const to = Math.floor(last / together);
  const parts = useMemo(() => {
    const all: ThreadId[][] = [];
    for (let i = from; wanted && i <= to; i++) all.push(rows.slice(i * together, (i + 1) * together).flatMap((r) => (r ? [threadOf(r)] : [])));
    return all.filter((ids) => ids.length > 0);
  }, [wanted, rows, from, to]);
  return useQueries({
    queries: parts.map((ids) => ({ ...mail.work.items(accountId, ids), placeholderData: (before: ReadonlyMap<ThreadId, WorkItem> | undefined) => before as Map<ThreadId, WorkItem> })),
    combine: joined,
  });
}

function joined(parts: readonly { data: ReadonlyMap<ThreadId, WorkItem> | undefined }[]): ReadonlyMap<ThreadId, WorkItem> {
  return new Map(parts.flatMap((p) => [...(p.data ?? [])]));
}
