import { useEffect, useState, useSyncExternalStore } from "react";
import { t } from "../../locales/text.js";
import { Button } from "../../ui/Button.js";
import type { Filled } from "./filled.js";
import { save } from "./items.js";
import type { Answer } from "./Viewer.js";

interface Props {
  filled: Filled;
  /** Something in it would be worked out by scripts, which do not run. */
  works: boolean;
  name: string;
  onHold: (held: boolean) => void;
  onAnswer: Answer;
}

/** That a PDF is a form, and what can be done with what is filled in. */
export function FormBar({ filled, works, name, onHold, onAnswer }: Props) {
  const values = useSyncExternalStore(filled.watch, filled.snapshot);
  const [kept, setKept] = useState(values);
  const [failed, setFailed] = useState("");
  useEffect(() => {
    onHold(values !== kept);
    return () => onHold(false);
  }, [values, kept, onHold]);
  const give = (to: (file: File) => void) => async () => {
    setFailed("");
    try {
      const file = await filled.file(t.filledName(name));
      onHold(false);
      setKept(values);
      to(file);
    } catch (error) {
      setFailed(t.wentWrong(error instanceof Error ? error.message : ""));
    }
  };
  return (
    <div className="notice viewer-note form-bar">
      <p>
        {t.isForm} {works && t.formDoesNotSum}
      </p>
      <Button label={t.downloadFilled} icon="download" onClick={() => void give((file) => save(file, file.name))()} />
      {onAnswer && <Button label={t.answerFilled} icon="reply" kind="primary" onClick={() => void give(onAnswer)()} />}
      {failed && <p role="alert">{failed}</p>}
    </div>
  );
}
