// Days as fields of forms have them (2026-11-27), and the moments at which they begin and end here.

/** The day of a moment, for a field; "" for none. */
export function toDay(at: string | null): string {
  if (!at) return "";
  const d = new Date(at);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
}

function moment(day: string, later: number): string | null {
  const m = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day);
  if (!m) return null;
  return new Date(Number(m[1]), Number(m[2]) - 1, Number(m[3]) + later).toISOString().replace(/\.\d+/, "");
}

/** When a day begins; null for none. */
export function dayStart(day: string): string | null {
  return moment(day, 0);
}

/** When a day is over; null for none. */
export function dayEnd(day: string): string | null {
  return moment(day, 1);
}
