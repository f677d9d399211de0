import { useSyncExternalStore } from "react";
import { t } from "../../locales/text.js";
import { densities } from "../../model/density.js";
import { useMail, useSession } from "../../ui/mail.js";
import { OfflineForm } from "./OfflineForm.js";

/** What a person chose for this browser. */
export function ComputerPage() {
  const { density } = useMail();
  const now = useSyncExternalStore(density.watch, density.snapshot);
  const isOwn = useSession().havenShared === false;
  return (
    <>
      <fieldset>
        <legend>{t.density}</legend>
        <p className="settings-hint">{isOwn ? t.densityHint : t.densityShared}</p>
        {densities.map((d) => (
          <label key={d} className="settings-check">
            <input type="radio" name="density" checked={d === now} onChange={() => density.set(d)} /> {t.densities[d]}
          </label>
        ))}
      </fieldset>
      <OfflineForm />
    </>
  );
}
