import { useId, useState, type FormEvent } from "react";
import { locale, t } from "../../locales/text.js";
import { clockDate } from "../../model/dates.js";
import type { Opened, Vault } from "../../store/offline/vault.js";
import { Button } from "../../ui/Button.js";

interface Props {
  vault: Vault;
  /** False: nothing was kept yet. */
  onOpened: (opened: Opened) => Promise<boolean>;
}

/** Asks for the passphrase that opens what is kept. */
export function Gate({ vault, onOpened }: Props) {
  return (
    <main className="failed">
      <h1>{t.offlineTitle}</h1>
      <p>{t.offlineOpen(clockDate(new Date(vault.heard).toISOString(), new Date(), locale))}</p>
      <PassphraseForm vault={vault} yes={t.offlineOpenIt} onOpened={async (opened) => ((await onOpened(opened)) ? undefined : t.offlineEmpty)}>
        <Button label={t.retry} onClick={() => location.reload()} />
      </PassphraseForm>
    </main>
  );
}

/** The passphrase, and what it opens; onOpened says what is wrong then. */
export function PassphraseForm({ vault, yes, onOpened, children }: { vault: Vault; yes: string; onOpened: (opened: Opened) => Promise<string | undefined>; children?: React.ReactNode }) {
  const id = useId();
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState<string>();
  const [busy, setBusy] = useState(false);
  const submit = async (e: FormEvent) => {
    e.preventDefault();
    if (busy) return;
    setBusy(true);
    setWrong(undefined);
    try {
      const opened = await vault.open(text);
      if (opened === "wrong") setWrong(t.offlineWrong);
      else if (typeof opened === "string") location.reload(); // it is destroyed, and the page says so or goes on without
      else setWrong(await onOpened(opened));
    } catch (error) {
      setWrong(t.wentWrong(error instanceof Error ? error.message : ""));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form className="passphrase" onSubmit={(e) => void submit(e)}>
      <label htmlFor={id}>{t.offlinePassphrase}</label>
      <input id={id} className="field" type="password" autoComplete="off" required autoFocus data-focus value={text} aria-invalid={wrong !== undefined} aria-describedby={`${id}-says`} onChange={(e) => setText(e.target.value)} />
      <p id={`${id}-says`} role="alert" className="dialog-wrong">
        {wrong}
      </p>
      <div className="passphrase-buttons">
        <Button label={busy ? t.loading : yes} type="submit" kind="primary" aria-disabled={busy} />
        {children}
      </div>
    </form>
  );
}

/** Says why nothing is kept any more. */
export function Gone({ why }: { why: "late" | "clock" }) {
  return (
    <main className="failed" role="alert">
      <h1>{t.offlineTitle}</h1>
      <p>{t.offlineGone[why]}</p>
      <Button label={t.retry} kind="primary" onClick={() => location.reload()} />
    </main>
  );
}
