// What of a mailbox is late or will soon be, and who was told of it (docs/jmap-work.md 4).

import type { ThreadId, WorkDeadline, WorkStep } from "../jmap/types.js";

export interface Alarm {
  /** Conversations that were not done in time, and those that have to be done soon; the most pressing first. */
  late: readonly WorkDeadline[];
  soon: readonly WorkDeadline[];
  /** Who was told last of those that are late, at each stage. */
  told: readonly WorkStep[];
  /** When it climbs next; undefined where nobody else is told. */
  next?: string;
}

const stages = ["owners", "head-office", "local-team"] as const;

/** What is pressing at a moment; undefined where nothing is. */
export function alarmOf(running: readonly WorkDeadline[], now: number): Alarm | undefined {
  const pressing = new Map<ThreadId, WorkDeadline>();
  for (const d of [...running].sort((a, b) => (a.dueAt < b.dueAt ? -1 : 1))) {
    if (!d.endedAt && Date.parse(d.warnAt) <= now && !pressing.has(d.threadId)) pressing.set(d.threadId, d);
  }
  const all = [...pressing.values()];
  if (all.length === 0) return undefined;
  const late = all.filter((d) => Date.parse(d.dueAt) <= now);
  const told = stages.flatMap((stage) => {
    const steps = late.flatMap((d) => d.steps.filter((s) => s.stage === stage));
    return steps.length > 0 ? [steps.reduce((a, b) => (a.at < b.at ? b : a))] : [];
  });
  const climbs = late.flatMap((d) => [d.headOfficeAt, d.localTeamAt]).filter((at) => Date.parse(at) > now);
  const next = climbs.sort()[0];
  return { late, soon: all.filter((d) => !late.includes(d)), told, ...(next !== undefined && { next }) };
}

const london = new Intl.DateTimeFormat("en-CA", { timeZone: "Europe/London", year: "numeric", month: "2-digit", day: "2-digit" });

/** The premises' day at a moment, as 2026-11-27. */
export function dayOf(now: number): string {
  return london.format(now);
}
