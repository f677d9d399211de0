import { useCallback, useEffect, useState, useSyncExternalStore } from "react";
import type { AccountId, ThreadId, WorkItem } from "../../jmap/client.js";
import { threadOf, type Row } from "../../model/row.js";
import { useMail } from "../../ui/mail.js";

const nothing: ReadonlyMap<ThreadId, WorkItem> = new Map();
const unwatched = () => () => {};

/** Who handles what in an account, as far as it is known; empty where nobody works together. */
export function useBoard(accountId: AccountId): ReadonlyMap<ThreadId, WorkItem> {
  const { work } = useMail();
  const board = work.isIn(accountId) ? work.board(accountId) : undefined;
  return useSyncExternalStore(board?.watch ?? unwatched, board?.snapshot ?? (() => nothing));
}

/** Who handles the conversations of some lines. */
export function useWorkOf(accountId: AccountId, rows: readonly (Row | undefined)[]): ReadonlyMap<ThreadId, WorkItem> {
  const { work } = useMail();
  useEffect(() => {
    if (work.isIn(accountId)) work.board(accountId).look(rows.filter((r) => r !== undefined).map(threadOf));
  });
  return useBoard(accountId);
}

/** Who handles a conversation; undefined until it is known. */
export function useItem(accountId: AccountId, threadId: ThreadId | undefined): WorkItem | undefined {
  const { work } = useMail();
  useEffect(() => {
    if (threadId && work.isIn(accountId)) work.board(accountId).look([threadId]);
  }, [work, accountId, threadId]);
  const items = useBoard(accountId);
  return threadId && items.get(threadId);
}

/** The time, told anew every so many milliseconds. */
export function useNow(every: number): Date {
  const [now, setNow] = useState(() => new Date());
  const tick = useCallback(() => setNow(new Date()), []);
  useEffect(() => {
    const timer = setInterval(tick, every);
    return () => clearInterval(timer);
  }, [tick, every]);
  return now;
}
