// Until when conversations have to be done (docs/jmap-work.md 4).

import type { ThreadId, WorkDeadline } from "../jmap/types.js";

export interface Due {
  /** How pressing it is: nobody has to think of it yet, it is time, it is late. */
  state: "later" | "soon" | "late";
  /** How long it is until then, or since. */
  n: number;
  unit: "day" | "hour" | "minute";
}

const minute = 60_000; // milliseconds
const hour = 60 * minute;
const day = 24 * hour;

/** How a deadline stands at a moment, as short as one can say it without saying too much time. */
export function dueOf(d: Pick<WorkDeadline, "warnAt" | "dueAt">, now: number): Due {
  const left = Date.parse(d.dueAt) - now;
  const state = left <= 0 ? "late" : Date.parse(d.warnAt) <= now ? "soon" : "later";
  const span = Math.abs(left);
  if (span >= 2 * day) return { state, n: Math.floor(span / day), unit: "day" };
  if (span >= hour) return { state, n: Math.floor(span / hour), unit: "hour" };
  return { state, n: Math.floor(span / minute), unit: "minute" };
}

/** The deadline of each conversation that ends first. */
export function earliest(running: readonly WorkDeadline[]): Map<ThreadId, WorkDeadline> {
  const first = new Map<ThreadId, WorkDeadline>();
  for (const d of running) {
    const was = first.get(d.threadId);
    if (!d.endedAt && (!was || d.dueAt < was.dueAt)) first.set(d.threadId, d);
  }
  return first;
}
