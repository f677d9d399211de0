import { t } from "../locales/text.js";
import { Button } from "../ui/Button.js";

/** The page where the service can't be reached at all. */
export function Failed({ error }: { error: unknown }) {
  return (
    <main className="failed" role="alert">
      <h1>{t.cannotOpen}</h1>
      <p>{error instanceof TypeError ? t.noService : error instanceof Error ? error.message : ""}</p>
      <Button label={t.retry} kind="primary" onClick={() => location.reload()} />
    </main>
  );
}
