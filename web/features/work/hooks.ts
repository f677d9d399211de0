import { useQuery } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import type { AccountId, ThreadId, WorkItem } from "../../jmap/client.js";
import { threadOf, type Row } from "../../model/row.js";
import { othersAt, type Here } from "../../model/presence.js";
import { useMail } from "../../ui/mail.js";

const nothing: ReadonlyMap<ThreadId, WorkItem> = new Map();
const unwatched = () => () => {};

/** Who handles what in an account, as far as it is known; empty where nobody works together. */
export function useBoard(accountId: AccountId | undefined): ReadonlyMap<ThreadId, WorkItem> {
  const { work } = useMail();
  const board = accountId !== undefined && work.isIn(accountId) ? work.board(accountId) : undefined;
  return useSyncExternalStore(board?.watch ?? unwatched, board?.snapshot ?? (() => nothing));
}

/** Who handles the conversations of some lines of one account. */
export function useWorkOf(accountId: AccountId | undefined, rows: readonly (Row | undefined)[]): ReadonlyMap<ThreadId, WorkItem> {
  const { work } = useMail();
  useEffect(() => {
    if (accountId !== undefined && work.isIn(accountId)) work.board(accountId).look(rows.filter((r) => r !== undefined).map(threadOf));
  });
  return useBoard(accountId);
}

const tick = 5000; // milliseconds

/** One clock for all lines of a list. */
const clock = {
  now: Date.now(),
  watchers: new Set<() => void>(),
  timer: undefined as ReturnType<typeof setInterval> | undefined,
  watch: (told: () => void) => {
    clock.watchers.add(told);
    clock.now = Date.now();
    clock.timer ??= setInterval(() => {
      clock.now = Date.now();
      for (const w of clock.watchers) w();
    }, tick);
    return () => {
      clock.watchers.delete(told);
      if (clock.watchers.size > 0) return;
      clearInterval(clock.timer);
      clock.timer = undefined;
    };
  },
};

/** The service's time in milliseconds, told anew every few seconds; where every is given, in steps of so many. */
export function useNow(every = tick): number {
  const { server } = useMail();
  return useSyncExternalStore(clock.watch, () => {
    const now = clock.now + server.ahead; // this computer's clock may be wrong by an hour
    return now - (now % every);
  });
}

/** Says that this page's person looks at a conversation, as long as it is on the screen. */
export function useViewing(accountId: AccountId, threadId: ThreadId | undefined): void {
  const { work } = useMail();
  useEffect(() => (threadId && work.isIn(accountId) ? work.presence.arrive(accountId, threadId, "viewing") : undefined), [work, accountId, threadId]);
  useEffect(() => {
    const tell = () => work.presence.pause(document.hidden);
    addEventListener("visibilitychange", tell);
    return () => removeEventListener("visibilitychange", tell);
  }, [work]);
}

/** Says that this page's person writes an answer in a conversation, as long as the component that calls this is there; undefined says nothing. */
export function useWriting(accountId: AccountId, threadId: ThreadId | undefined): void {
  const { work } = useMail();
  useEffect(() => (threadId && work.isIn(accountId) ? work.presence.arrive(accountId, threadId, "writing") : undefined), [work, accountId, threadId]);
}

/** Which colleagues are at a conversation now. */
export function useOthersAt(accountId: AccountId, threadId: ThreadId | undefined): Here[] {
  const { work } = useMail();
  const { data } = useQuery({ ...work.presence.all(accountId), enabled: threadId !== undefined && work.isIn(accountId) });
  const now = useNow();
  return threadId && data ? othersAt(data, threadId, work.me, now) : [];
}
