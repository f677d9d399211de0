import type { Account } from "../../jmap/client.js";

/** Until when a letter of a mailbox may wait; undefined where the service lets none. */
export function latestOf(account: Account | undefined): Date | undefined {
  const seconds = account?.accountCapabilities["urn:ietf:params:jmap:submission"]?.maxDelayedSend ?? 0;
  return seconds > 60 ? new Date(Date.now() + seconds * 1000) : undefined;
}
