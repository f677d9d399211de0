import { useQuery } from "@tanstack/react-query";
import { t } from "../../locales/text.js";
import type { AccountId } from "../../jmap/client.js";
import { sizeText } from "../../model/sizes.js";
import { useMail } from "../../ui/mail.js";

const nearlyFull = 0.9;

/** How much a mailbox holds, and a warning before it is full: then it takes no letters any more. */
export function Quota({ accountId }: { accountId: AccountId }) {
  const mail = useMail();
  const { data } = useQuery(mail.quota(accountId));
  if (!data || data.hardLimit === 0) return null;
  const part = data.used / data.hardLimit;
  const isFull = data.used >= (data.warnLimit ?? data.hardLimit * nearlyFull) || part >= nearlyFull;
  return (
    <div className={`quota ${isFull ? "full" : ""}`}>
      <div className="quota-bar" aria-hidden="true">
        <div style={{ width: `${Math.min(100, Math.max(1, part * 100))}%` }} />
      </div>
      <p>{t.quota(sizeText(data.used), sizeText(data.hardLimit))}</p>
      {isFull && <p className="notice">{part >= 1 ? t.quotaFull : t.quotaNearlyFull}</p>}
    </div>
  );
}
