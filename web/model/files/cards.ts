// Business cards (RFC 6350) and appointments (RFC 5545): the lines of both are written alike.

export interface Line {
  name: string;
  parameters: Record<string, string>;
  value: string;
}

const mostLines = 20_000;

/** Lines, unfolded, with their names in capitals. */
export function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  for (const line of text.replace(/\r?\n[ \t]/g, "").split(/\r?\n/).slice(0, mostLines)) {
    const m = /^(?:[\w-]+\.)?([\w-]+)((?:;[\w-]+(?:=(?:"[^"]*"|[^";:]*)(?:,(?:"[^"]*"|[^";:]*))*)?)*):(.*)$/s.exec(line);
    if (!m) continue;
    const parameters: Record<string, string> = {};
    for (const [, name = "", quoted, plain] of (m[2] as string).matchAll(/;([\w-]+)(?:=(?:"([^"]*)"|([^;]*)))?/g)) parameters[name.toUpperCase()] = quoted ?? plain ?? "";
    lines.push({ name: (m[1] as string).toUpperCase(), parameters, value: (m[3] as string).trim() });
  }
  return lines;
}

/** A value's text without its escapes. */
export function plain(value: string): string {
  return value.replace(/\\(.)/gs, (_, c: string) => (c === "n" || c === "N" ? "\n" : c));
}

const parted = (value: string, sign: RegExp): string[] => value.split(sign).map((p) => plain(p).trim()).filter(Boolean);

export interface Card {
  name: string;
  /** What is said of it, such as ["tel", "0113 496 0000"]. */
  facts: [kind: "organisation" | "title" | "email" | "tel" | "address" | "url" | "note", text: string][];
}

/** The cards of a file. */
export function cardsOf(text: string): Card[] {
  const cards: Card[] = [];
  let now: Card | undefined;
  for (const { name, value } of linesOf(text)) {
    const fact = (kind: Card["facts"][number][0], said: string) => said && now?.facts.push([kind, said]);
    if (name === "BEGIN" && /^vcard$/i.test(value)) cards.push((now = { name: "", facts: [] }));
    else if (!now) continue;
    else if (name === "FN") now.name = plain(value);
    else if (name === "N") now.name ||= parted(value, /(?<!\\);/).slice(0, 2).reverse().join(" ");
    else if (name === "ORG") fact("organisation", parted(value, /(?<!\\);/).join(", "));
    else if (name === "TITLE" || name === "ROLE") fact("title", plain(value));
    else if (name === "EMAIL") fact("email", plain(value));
    else if (name === "TEL") fact("tel", plain(value).replace(/^tel:/i, ""));
    else if (name === "ADR") fact("address", parted(value, /(?<!\\);/).join(", "));
    else if (name === "URL") fact("url", plain(value));
    else if (name === "NOTE") fact("note", plain(value));
  }
  return cards;
}

export interface Moment {
  /** Of the place where the reader is, unless whole is true or the zone is unknown here. */
  at: Date;
  /** A whole day. */
  whole: boolean;
  /** Where another clock holds that is not known here, its name. */
  zone?: string;
}

export interface Appointment {
  summary: string;
  start?: Moment;
  end?: Moment;
  location: string;
  description: string;
  organiser: string;
  attendees: string[];
  /** How it comes again, as it is written. */
  repeats: string;
  cancelled: boolean;
}

export interface Calendar {
  /** REQUEST, CANCEL, REPLY, PUBLISH and so on. */
  method: string;
  appointments: Appointment[];
}

/** The appointments of a file. */
export function calendarOf(text: string): Calendar {
  const calendar: Calendar = { method: "", appointments: [] };
  let now: Appointment | undefined;
  const within: string[] = [];
  for (const line of linesOf(text)) {
    const { name, value, parameters } = line;
    if (name === "BEGIN") {
      within.push(value.toUpperCase());
      if (value.toUpperCase() === "VEVENT") calendar.appointments.push((now = { summary: "", location: "", description: "", organiser: "", attendees: [], repeats: "", cancelled: false }));
    } else if (name === "END") {
      if (within.pop() === "VEVENT") now = undefined;
    } else if (name === "METHOD") calendar.method = value.toUpperCase();
    else if (!now || within.at(-1) !== "VEVENT") continue;
    else if (name === "SUMMARY") now.summary = plain(value);
    else if (name === "LOCATION") now.location = plain(value);
    else if (name === "DESCRIPTION") now.description = plain(value);
    else if (name === "STATUS") now.cancelled = value.toUpperCase() === "CANCELLED";
    else if (name === "RRULE") now.repeats = value;
    else if (name === "ORGANIZER") now.organiser = personOf(line);
    else if (name === "ATTENDEE") now.attendees.push(personOf(line));
    else if (name === "DTSTART" || name === "DTEND") {
      const moment = momentOf(value, parameters.TZID);
      if (moment) now[name === "DTSTART" ? "start" : "end"] = moment;
    }
  }
  return calendar;
}

function personOf({ value, parameters }: Line): string {
  const address = value.replace(/^mailto:/i, "");
  return parameters.CN ? `${parameters.CN} <${address}>` : address;
}

/** A date or a time (RFC 5545 §3.3.5). */
export function momentOf(value: string, zone?: string): Moment | undefined {
  const m = /^(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})?(Z)?)?$/.exec(value);
  if (!m) return undefined;
  const [y, mo, d, h, mi] = m.slice(1, 6).map((n) => Number(n ?? 0)) as [number, number, number, number, number];
  if (m[4] === undefined) return { at: new Date(y, mo - 1, d), whole: true };
  if (m[7]) return { at: new Date(Date.UTC(y, mo - 1, d, h, mi)), whole: false };
  const offset = zone === undefined ? undefined : offsetOf(zone, Date.UTC(y, mo - 1, d, h, mi));
  if (offset !== undefined) return { at: new Date(Date.UTC(y, mo - 1, d, h, mi) - offset), whole: false };
  return { at: new Date(y, mo - 1, d, h, mi), whole: false, ...(zone && { zone }) };
}

/** How far a zone's clock is before UTC when it shows this; undefined for one that is not known. */
function offsetOf(zone: string, clock: number): number | undefined {
  try {
    const format = new Intl.DateTimeFormat("en-GB", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    const at = (moment: number) => {
      const p = Object.fromEntries(format.formatToParts(moment).map((x) => [x.type, Number(x.value)])) as Record<string, number>;
      return Date.UTC(p.year as number, (p.month as number) - 1, p.day as number, p.hour as number, p.minute as number) - moment;
    };
    return at(clock - at(clock));
  } catch {
    return undefined;
  }
}

/** The end of an appointment as it is said: a whole day that ends where the next begins ends the day before. */
export function lastDay(end: Moment): Moment {
  return end.whole ? { ...end, at: new Date(end.at.getFullYear(), end.at.getMonth(), end.at.getDate() - 1) } : end;
}
