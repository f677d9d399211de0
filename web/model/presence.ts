// Who is at a conversation now (docs/jmap-work.md 5).

import type { AccountId, ThreadId, WorkPresence } from "../jmap/types.js";

export interface Here {
  id: AccountId | null;
  name: string | null;
  writes: boolean;
}

/** The others at a conversation at a moment of the service's clock, who writes first. What has run out is not shown. */
export function othersAt(all: readonly WorkPresence[], threadId: ThreadId, me: AccountId | undefined, now: number): Here[] {
  return all
    .filter((p) => p.threadId === threadId && p.person !== me && Date.parse(p.until) > now)
    .map((p) => ({ id: p.person, name: p.personName, writes: p.doing === "writing" }))
    .sort((a, b) => Number(b.writes) - Number(a.writes) || (a.name ?? "").localeCompare(b.name ?? ""));
}
