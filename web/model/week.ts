// Weeks of a report, from Monday to Sunday, as days like 2026-11-23.

const dayLong = 86_400_000; // milliseconds

function shifted(day: string, by: number): string {
  return new Date(Date.parse(`${day}T12:00:00Z`) + by * dayLong).toISOString().slice(0, 10);
}

/** The Monday of the week of a day; undefined for what is no day. */
export function mondayOf(day: string): string | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day) || Number.isNaN(Date.parse(`${day}T12:00:00Z`))) return undefined;
  const weekday = new Date(`${day}T12:00:00Z`).getUTCDay();
  return shifted(day, -((weekday + 6) % 7));
}

/** The Monday so many weeks later. */
export function weekAfter(monday: string, weeks: number): string {
  return shifted(monday, 7 * weeks);
}

/** The last day of the week that begins on a Monday. */
export function sundayOf(monday: string): string {
  return shifted(monday, 6);
}

/** How long something took, rounded to what one can feel: under a minute, minutes, hours and minutes, hours. */
export function tookOf(seconds: number): { hours: number; minutes: number } {
  const minutes = Math.round(seconds / 60);
  const hours = Math.floor(minutes / 60);
  return { hours, minutes: hours >= 10 ? 0 : minutes % 60 };
}
