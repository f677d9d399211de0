// How late letters are, as the service tells it.

import type { Lateness } from "../jmap/types.js";

/** What is said of it. */
export interface Late {
  /** By how many minutes the mailbox is behind. */
  behind?: number;
  /** Since when what was written waits for its way out. */
  waits?: string;
}

const minute = 60_000; // milliseconds

/** What there is to say of a mailbox now; undefined: nothing is late. Of a clock that goes wrong here, no mailbox is less than a minute late. */
export function lateBy(lateness: Lateness | null | undefined, now: Date): Late | undefined {
  const { arrivingSince, leavingSince } = lateness ?? {};
  if (!arrivingSince && !leavingSince) return undefined;
  return {
    ...(arrivingSince && { behind: Math.max(1, Math.floor((now.getTime() - Date.parse(arrivingSince)) / minute)) }),
    ...(leavingSince && { waits: leavingSince }),
  };
}
