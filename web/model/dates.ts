// Moments as they are shown, in the time of the place where the reader is.

const day = 86_400_000; // milliseconds

function midnight(d: Date): number {
  return new Date(d.getFullYear(), d.getMonth(), d.getDate()).getTime();
}

/** Whole days from one moment to another, by the calendar. */
export function daysBetween(from: Date, to: Date): number {
  return Math.round((midnight(to) - midnight(from)) / day);
}

/** Short, for a list: the time today, the day of the week within a week, else the date. */
export function listDate(at: string, now: Date, locale = "en-GB"): string {
  const d = new Date(at);
  const ago = daysBetween(d, now);
  if (ago === 0) return d.toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" });
  if (ago > 0 && ago < 7) return d.toLocaleDateString(locale, { weekday: "short" });
  if (d.getFullYear() === now.getFullYear()) return d.toLocaleDateString(locale, { day: "numeric", month: "short" });
  return d.toLocaleDateString(locale, { day: "numeric", month: "short", year: "numeric" });
}

/** Whole, with the day of the week. */
export function fullDate(at: string, locale = "en-GB"): string {
  return new Date(at).toLocaleString(locale, { weekday: "long", day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit" });
}

/** The time of day, with the day where that is another one: "09:41", "Thu 09:41", "20 Nov, 09:41". */
export function clockDate(at: string, now: Date, locale = "en-GB"): string {
  const time = new Date(at).toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" });
  const day = listDate(at, now, locale);
  if (day === time) return time;
  return daysBetween(new Date(at), now) < 7 && daysBetween(new Date(at), now) > 0 ? `${day} ${time}` : `${day}, ${time}`;
}
