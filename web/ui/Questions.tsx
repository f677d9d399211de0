import { useSyncExternalStore } from "react";
import { t } from "../locales/text.js";
import { Button } from "./Button.js";
import { Dialog } from "./Dialog.js";
import { useMail } from "./mail.js";

/** The question that waits for an answer. */
export function Questions() {
  const { questions } = useMail();
  const asked = useSyncExternalStore(questions.watch, questions.snapshot);
  if (!asked) return null;
  return (
    <Dialog key={asked.title} title={asked.title} onClose={() => asked.answer(false)}>
      <p>{asked.text}</p>
      <div className="dialog-buttons">
        <Button label={t.cancel} data-focus={asked.grave || undefined} onClick={() => asked.answer(false)} />
        <Button label={asked.yes} kind="primary" className={asked.grave ? "grave" : ""} data-focus={!asked.grave || undefined} onClick={() => asked.answer(true)} />
      </div>
    </Dialog>
  );
}
