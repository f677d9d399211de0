import { useEffect, useSyncExternalStore } from "react";
import { t } from "../locales/text.js";
import type { Undo } from "../store/undo.js";
import { Button } from "../ui/Button.js";

const shownAtOnce = 3;

/** What was done, with the way back. Ctrl+Z takes the last back. */
export function Toasts({ undo }: { undo: Undo }) {
  const all = useSyncExternalStore(undo.watch, undo.snapshot);
  useEffect(() => {
    const onKey = (e: KeyboardEvent) => {
      const field = e.target instanceof HTMLElement && (e.target.isContentEditable || /^(INPUT|TEXTAREA)$/.test(e.target.tagName));
      if ((e.ctrlKey || e.metaKey) && !e.shiftKey && e.key === "z" && !field && undo.snapshot().some((d) => d.undo)) {
        e.preventDefault();
        void undo.take();
      }
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [undo]);
  return (
    <div className="toasts" role="status" aria-live="polite">
      {all.slice(-shownAtOnce).map((d) => (
        <div key={d.id} className={`toast ${d.failed ? "failed" : ""}`}>
          <span>{d.says || t.unreachable}</span>
          {d.undo && <Button label={t.undo} keys={["Ctrl+Z"]} onClick={() => void undo.take(d.id)} />}
          {d.instead && (
            <Button
              label={d.instead.name}
              onClick={() => {
                undo.drop(d.id);
                void d.instead?.run();
              }}
            />
          )}
          <Button label={t.close} icon="close" bare kind="plain" onClick={() => undo.drop(d.id)} />
        </div>
      ))}
    </div>
  );
}
