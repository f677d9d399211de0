import { useSyncExternalStore } from "react";
import { locale, t } from "../../locales/text.js";
import { clockDate } from "../../model/dates.js";
import type { Visit } from "../../store/offline/visit.js";
import { Button } from "../../ui/Button.js";

/** Since when the service is away, what waits for it, and the way back. */
export default function VisitBanner({ visit }: { visit: Visit }) {
  const { heard, waits, is } = useSyncExternalStore(visit.watch, visit.snapshot);
  const says = { away: t.offlineSince(clockDate(new Date(heard).toISOString(), new Date(), locale)), back: t.offlineBack, bringing: t.offlineBringing, over: t.offlineOver }[is];
  return (
    <div className="banner">
      <p role="status">
        {says} {waits > 0 && is !== "bringing" && t.offlineWaits(waits)}
      </p>
      {is === "back" && <Button label={t.offlineGoOn} onClick={() => void visit.goOn()} />}
      {is === "over" && (
        <a className="button" href="/log-in" target="_blank" rel="noopener">
          {t.offlineLogIn}
        </a>
      )}
    </div>
  );
}
