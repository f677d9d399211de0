// Whether a letter asks to be told that it was opened (RFC 8098).

import type { Email, EmailAddress } from "../jmap/types.js";

const mostAddresses = 10; // the service answers no more (docs/decisions/030)

/** Whether its reader is to be asked. The service says when it is answered: by a keyword. */
export function asksReceipt({ keywords }: Pick<Email, "keywords">, to: readonly EmailAddress[] | null): boolean {
  if (!to || to.length === 0 || to.length > mostAddresses) return false;
  const said = new Set(Object.keys(keywords).map((k) => k.toLowerCase()));
  return !said.has("$mdnsent") && !said.has("$draft") && !said.has("$junk");
}
