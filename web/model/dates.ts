// Moments as they are shown, in the time of the place where the reader is.

const day = 86_400_000; // milliseconds

function midnight(d: Date): number {
  return new Date(d.getFullYear(), d.getMonth(), d.getDate()).getTime();
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** A moment in a format. Formats are kept: to make one takes longer than to draw the line of a list that it is for. */
function written(d: Date, locale: string, options: Intl.DateTimeFormatOptions): string {
  const key = locale + JSON.stringify(options);
  let format = formats.get(key);
  if (!format) formats.set(key, (format = new Intl.DateTimeFormat(locale, options)));
  return format.format(d);
}

const time = { hour: "2-digit", minute: "2-digit" } as const;
const weekday = { weekday: "short" } as const;
const thisYear = { day: "numeric", month: "short" } as const;
const anyYear = { ...thisYear, year: "numeric" } as const;
const whole = { weekday: "long", day: "numeric", month: "long", year: "numeric", ...time } as const;

/** Whole days from one moment to another, by the calendar. */
export function daysBetween(from: Date, to: Date): number {
  return Math.round((midnight(to) - midnight(from)) / day);
}

/** Short, for a list: the time today, the day of the week within a week, else the date. */
export function listDate(at: string, now: Date, locale = "en-GB"): string {
  const d = new Date(at);
  const ago = daysBetween(d, now);
  if (ago === 0) return written(d, locale, time);
  if (ago > 0 && ago < 7) return written(d, locale, weekday);
  if (d.getFullYear() === now.getFullYear()) return written(d, locale, thisYear);
  return written(d, locale, anyYear);
}

/** Whole, with the day of the week. */
export function fullDate(at: string, locale = "en-GB"): string {
  return written(new Date(at), locale, whole);
}

/** The time of day, with the day where that is another one: "09:41", "Thu 09:41", "20 Nov, 09:41". */
export function clockDate(at: string, now: Date, locale = "en-GB"): string {
  const time = new Date(at).toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" });
  const day = listDate(at, now, locale);
  if (day === time) return time;
  return daysBetween(new Date(at), now) < 7 && daysBetween(new Date(at), now) > 0 ? `${day} ${time}` : `${day}, ${time}`;
}
