import { useQuery } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { locale, t } from "../locales/text.js";
import { clockDate } from "../model/dates.js";
import { lateBy } from "../model/late.js";
import type { MailAccount } from "../model/mailboxes.js";
import { useMail } from "../ui/mail.js";

/** What is known of how late the page and its mailbox are. */
export function Banner({ account }: { account: MailAccount | undefined }) {
  const mail = useMail();
  const away = useSyncExternalStore(mail.watchSession, mail.away);
  const { data, dataUpdatedAt } = useQuery({ ...mail.lateness(account?.id ?? ""), enabled: account?.accountCapabilities["urn:haven:lateness"] !== undefined });
  const now = new Date();
  const late = away ? undefined : lateBy(data, new Date(dataUpdatedAt));
  const says = [
    away && t.away(clockDate(new Date(away).toISOString(), now, locale)),
    late?.behind && t.behind(late.behind),
    late?.waits && t.lettersWait(clockDate(late.waits, now, locale)),
  ].filter(Boolean);
  return (
    <p className={says.length > 0 ? "banner" : "hidden"} role="status">
      {says.join(" ")}
    </p>
  );
}
