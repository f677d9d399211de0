import type { Mailbox } from "../jmap/client.js";
import { t } from "../locales/text.js";

/** What a folder is called: by its role, where it has one that everybody knows. */
export function folderName(m: Pick<Mailbox, "name" | "role">): string {
  return (m.role && t.roles[m.role]) || m.name;
}
