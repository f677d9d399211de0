import { useId } from "react";
import { t } from "../../locales/text.js";
import { grouped, nhsNumber } from "../../model/patient.js";
import { Button } from "../../ui/Button.js";
import { Icon } from "../../ui/Icon.js";

interface Props {
  value: string;
  /** Numbers that stand in the letter. */
  found: readonly string[];
  /** The person tried to go on with it. */
  isWrong: boolean;
  onChange: (value: string) => void;
}

/** The patient's NHS number, which is checked as one types. Nothing is filled in: the person says of whom it is. */
export function NumberField({ value, found, isWrong, onChange }: Props) {
  const ids = { field: useId(), hint: useId() };
  const read = nhsNumber(value);
  const fits = "number" in read;
  const bad = "wrong" in read && (isWrong || read.wrong === "signs" || read.wrong === "misfit" || value.replace(/\D/g, "").length > 10);
  const said = fits ? t.nhsFits : bad ? t.nhsWrong[read.wrong] : t.nhsHint;
  return (
    <div className="record-number">
      <label className="dialog-field" htmlFor={ids.field}>
        {t.nhsNumber}
        <input
          id={ids.field}
          name="nhsNumber"
          className="field"
          inputMode="numeric"
          autoComplete="off"
          spellCheck={false}
          data-focus
          required
          value={value}
          aria-invalid={bad || undefined}
          aria-describedby={ids.hint}
          onChange={(e) => onChange(e.target.value)}
        />
      </label>
      <small id={ids.hint} role="status" className={fits ? "fits" : bad ? "misfits" : ""}>
        {fits && <Icon name="done" />}
        {said}
      </small>
      {found.length > 0 && !fits && (
        <p className="record-found">
          <span>{t.nhsInLetter}</span>
          {found.map((n) => (
            <Button key={n} label={t.useNumber(grouped(n))} onClick={() => onChange(grouped(n))} />
          ))}
        </p>
      )}
    </div>
  );
}
