import { useId, useState, type ReactNode } from "react";
import { t } from "../../locales/text.js";
import { Button } from "../../ui/Button.js";

interface FieldProps {
  label: string;
  hint?: string;
  problem?: string | undefined;
  children: (ids: { id: string; "aria-describedby": string | undefined; "aria-invalid": true | undefined }) => ReactNode;
}

/** A field with its label, what helps to fill it in, and what is wrong with it. */
export function Field({ label, hint, problem, children }: FieldProps) {
  const id = useId();
  const described = [hint && `${id}-hint`, problem && `${id}-problem`].filter(Boolean).join(" ");
  return (
    <div className={`settings-field ${problem ? "wrong" : ""}`}>
      <label htmlFor={id}>{label}</label>
      {hint && (
        <p id={`${id}-hint`} className="settings-hint">
          {hint}
        </p>
      )}
      {problem && (
        <p id={`${id}-problem`} className="settings-problem">
          {problem}
        </p>
      )}
      {children({ id, "aria-describedby": described || undefined, "aria-invalid": problem ? true : undefined })}
    </div>
  );
}

/** Saves a form once at a time, and says how that went. */
export function useSaving(save: () => Promise<void>, say: (error: unknown) => string) {
  const [state, setState] = useState<{ busy?: boolean; done?: boolean; problem?: string }>({});
  const submit = async () => {
    if (state.busy) return;
    setState({ busy: true });
    try {
      await save();
      setState({ done: true });
    } catch (error) {
      setState({ problem: say(error) });
    }
  };
  const bar = (
    <div className="settings-bar">
      <Button label={t.save} kind="primary" type="submit" aria-disabled={state.busy} />
      <span role="status">{state.busy ? t.saving : state.done ? t.settingsSaved : ""}</span>
      {state.problem && (
        <p role="alert" className="settings-problem">
          {state.problem}
        </p>
      )}
    </div>
  );
  return { submit, bar, ...state, fresh: () => setState({}) };
}
