import type { Mailbox } from "../jmap/client.js";
import { locale, t } from "../locales/text.js";

/** What a folder is called: by its role, where it has one that everybody knows. */
export function folderName(m: Pick<Mailbox, "name" | "role">): string {
  return (m.role && t.roles[m.role]) || m.name;
}

/** A moment that is to come, such as that in which a letter goes. */
export function momentText(at: Date): string {
  return at.toLocaleString(locale, { weekday: "long", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" });
}

/** The same where there is little room. */
export function shortMoment(at: Date): string {
  return at.toLocaleString(locale, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
}
