import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useState, useSyncExternalStore } from "react";
import { locale, t } from "../locales/text.js";
import { clockDate } from "../model/dates.js";
import { lateBy } from "../model/late.js";
import type { MailAccount } from "../model/mailboxes.js";
import { isAnyKept } from "../store/kept.js";
import { useMail } from "../ui/mail.js";

const VisitBanner = lazy(() => import("./offline/VisitBanner.js"));
const Waiting = lazy(() => import("./offline/Waiting.js"));

/** What is known of how late the page and its mailbox are, and of what waits. */
export function Banners({ account }: { account: MailAccount | undefined }) {
  const { visit } = useMail();
  const [kept, setKept] = useState(false);
  useEffect(() => void isAnyKept().then(setKept, () => {}), []);
  return (
    <div className="banners">
      <Suspense fallback={null}>{visit ? <VisitBanner visit={visit} /> : kept && <Waiting />}</Suspense>
      {!visit && <Banner account={account} />}
    </div>
  );
}

function Banner({ account }: { account: MailAccount | undefined }) {
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
