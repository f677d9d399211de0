// When a letter may go later, in the time of the place where its writer is.

export type LaterId = "evening" | "tomorrow" | "monday";

const morning = 8;
const evening = 18;

function at(day: Date, days: number, hour: number): Date {
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + days, hour);
}

/** The times that people mean most: this evening while it is to come, tomorrow morning, Monday morning. */
export function times(now: Date): { id: LaterId; at: Date }[] {
  const toMonday = (8 - now.getDay()) % 7 || 7;
  return [
    ...(now.getHours() < evening - 1 ? [{ id: "evening" as const, at: at(now, 0, evening) }] : []),
    { id: "tomorrow" as const, at: at(now, 1, morning) },
    ...(toMonday > 1 ? [{ id: "monday" as const, at: at(now, toMonday, morning) }] : []),
  ];
}

/** A moment as a field of date and time has it. */
export function localMoment(d: Date): string {
  const two = (n: number) => String(n).padStart(2, "0");
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}T${two(d.getHours())}:${two(d.getMinutes())}`;
}

/** What such a field says; undefined where it says nothing whole. */
export function momentOf(text: string): Date | undefined {
  const d = new Date(text);
  return text === "" || Number.isNaN(d.getTime()) ? undefined : d;
}
