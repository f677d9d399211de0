import { useState, type FormEvent } from "react";
import { folderName } from "../../actions/names.js";
import { t } from "../../locales/text.js";
import type { Mailbox } from "../../jmap/client.js";
import { categories, fields, lacks, type Category, type Condition, type Field as FieldName, type Rule } from "../../model/filters.js";
import { foldersOf } from "../../model/folders.js";
import { Button } from "../../ui/Button.js";
import { Field } from "./form.js";

interface Props {
  rule: Rule;
  /** Several people work in the mailbox. */
  isShared: boolean;
  folders: readonly Mailbox[];
  onSave: (rule: Rule) => Promise<void>;
  onCancel: () => void;
}

const mostConditions = 10;

/** One filter: when, and what then. */
export function FilterForm({ rule, isShared, folders, onSave, onCancel }: Props) {
  const [now, setNow] = useState(rule);
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const missing = lacks(now);
  const set = (change: Partial<Rule>) => setNow({ ...now, ...change });
  const setCondition = (i: number, change: Partial<Condition>) => set({ conditions: now.conditions.map((c, k) => (k === i ? { ...c, ...change } : c)) });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    setTried(true);
    if (missing.length || busy) return;
    setBusy(true);
    void onSave({ ...now, name: now.name.trim() }).finally(() => setBusy(false));
  };
  const toFolder = (id: string) => {
    const folder = folders.find((f) => f.id === id);
    const { folder: _, ...rest } = now;
    setNow(folder ? { ...rest, folder: { id, name: folder.name } } : rest);
  };
  return (
    <form className="filter-form" onSubmit={submit} noValidate aria-label={now.name || t.filterNew}>
      <Field label={t.filterName} problem={tried && missing.includes("name") ? t.filterNoName : undefined}>
        {(ids) => <input {...ids} className="field" value={now.name} maxLength={100} onChange={(e) => set({ name: e.target.value })} />}
      </Field>
      <fieldset>
        <legend>{t.filterWhen}</legend>
        {now.conditions.length > 1 && (
          <select className="field" aria-label={t.filterJoin} value={now.all ? "all" : "any"} onChange={(e) => set({ all: e.target.value === "all" })}>
            <option value="all">{t.filterAll}</option>
            <option value="any">{t.filterAny}</option>
          </select>
        )}
        {tried && (missing.includes("value") || missing.includes("conditions")) && <p className="settings-problem">{t.filterNoValue}</p>}
        {now.conditions.map((c, i) => (
          <div key={i} className="filter-condition">
            <select className="field" aria-label={t.filterField} value={c.field} onChange={(e) => setCondition(i, { field: e.target.value as FieldName })}>
              {fields.map((f) => (
                <option key={f} value={f}>
                  {t.fields[f]}
                </option>
              ))}
            </select>
            <select className="field" aria-label={t.filterContains} value={String(c.contains)} onChange={(e) => setCondition(i, { contains: e.target.value === "true" })}>
              <option value="true">{t.contains}</option>
              <option value="false">{t.containsNot}</option>
            </select>
            <input className="field" aria-label={t.filterValue} value={c.value} maxLength={200} onChange={(e) => setCondition(i, { value: e.target.value })} />
            {now.conditions.length > 1 && <Button label={t.filterDropCondition} icon="close" bare kind="plain" onClick={() => set({ conditions: now.conditions.filter((_, k) => k !== i) })} />}
          </div>
        ))}
        {now.conditions.length < mostConditions && (
          <Button label={t.filterAnother} kind="plain" onClick={() => set({ conditions: [...now.conditions, { field: "subject", contains: true, value: "" }] })} />
        )}
      </fieldset>
      <fieldset>
        <legend>{t.filterThen}</legend>
        {tried && missing.includes("action") && <p className="settings-problem">{t.filterNoAction}</p>}
        <Field label={t.move}>
          {(ids) => (
            <select {...ids} className="field" value={now.folder?.id ?? ""} onChange={(e) => toFolder(e.target.value)}>
              <option value="">{t.staysInInbox}</option>
              {foldersOf(folders)
                .filter((f) => f.role !== "inbox" && f.role !== "drafts" && f.role !== "scheduled")
                .map((f) => (
                  <option key={f.id} value={f.id}>
                    {"\u2003".repeat(f.depth) + folderName(f)}
                  </option>
                ))}
            </select>
          )}
        </Field>
        {isShared && <CategoryFields rule={now} onChange={setNow} />}
        <label className="settings-check">
          <input type="checkbox" checked={now.flag ?? false} onChange={(e) => set({ flag: e.target.checked })} /> {t.flag}
        </label>
        <label className="settings-check">
          <input type="checkbox" checked={now.read ?? false} onChange={(e) => set({ read: e.target.checked })} /> {t.markRead}
        </label>
        <label className="settings-check">
          <input type="checkbox" checked={now.stop} onChange={(e) => set({ stop: e.target.checked })} /> {t.filterStop}
        </label>
      </fieldset>
      <div className="settings-bar">
        <Button label={t.save} kind="primary" type="submit" aria-disabled={busy} />
        <Button label={t.cancel} onClick={onCancel} />
      </div>
    </form>
  );
}

const hours = [24, 48, 72, 168];

/** What the letter is for those who work together, and within which time it has to be done. */
function CategoryFields({ rule, onChange }: { rule: Rule; onChange: (rule: Rule) => void }) {
  const choose = (category: string) => {
    const { category: _, within: __, ...rest } = rule;
    const within = categories[category as Category];
    onChange(category ? { ...rest, category, ...(within ? { within } : {}) } : rest);
  };
  const setWithin = (within: number) => {
    const { within: _, ...rest } = rule;
    onChange(within ? { ...rest, within } : rest);
  };
  return (
    <div className="settings-two">
      <Field label={t.category}>
        {(ids) => (
          <select {...ids} className="field" value={rule.category ?? ""} onChange={(e) => choose(e.target.value)}>
            <option value="">{t.noCategory}</option>
            {Object.keys(categories).map((c) => (
              <option key={c} value={c}>
                {t.categories[c as Category]}
              </option>
            ))}
          </select>
        )}
      </Field>
      {rule.category && (
        <Field label={t.doneWithin} hint={t.doneWithinHint}>
          {(ids) => (
            <select {...ids} className="field" value={rule.within ?? 0} onChange={(e) => setWithin(Number(e.target.value))}>
              <option value={0}>{t.noDeadline}</option>
              {hours.map((h) => (
                <option key={h} value={h}>
                  {t.hours(h)}
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
    </div>
  );
}
