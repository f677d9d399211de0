import { lazy, Suspense, useEffect, useSyncExternalStore } from "react";
import { useMail } from "../../ui/mail.js";

const ComposePane = lazy(() => import("./ComposePane.js").then((m) => ({ default: m.ComposePane })));

/** The letter that is being written, if there is one. */
export function Compose() {
  const mail = useMail();
  const { draft, folded } = useSyncExternalStore(mail.drafts.watch, mail.drafts.snapshot);
  useEffect(() => {
    const save = () => void mail.drafts.flush(true);
    const hidden = () => document.visibilityState === "hidden" && void mail.drafts.flush();
    const ask = (e: BeforeUnloadEvent) => {
      save();
      if (draft?.snapshot().saved.is === "not-saved" || draft?.isUploading) e.preventDefault();
    };
    document.addEventListener("visibilitychange", hidden);
    addEventListener("pagehide", save);
    addEventListener("beforeunload", ask);
    return () => {
      document.removeEventListener("visibilitychange", hidden);
      removeEventListener("pagehide", save);
      removeEventListener("beforeunload", ask);
    };
  }, [mail, draft]);
  if (!draft) return null;
  return (
    <Suspense fallback={null}>
      <ComposePane draft={draft} folded={folded} key={`${draft.accountId} ${draft.messageId}`} />
    </Suspense>
  );
}
