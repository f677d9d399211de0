import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { folderName } from "../../actions/names.js";
import { t } from "../../locales/text.js";
import { MethodError, type Mailbox } from "../../jmap/client.js";
import { isRule, type Category, type Foreign, type Rule } from "../../model/filters.js";
import type { MailAccount } from "../../model/mailboxes.js";
import { filters, setFilters, wasChanged, type Filters } from "../../store/settings.js";
import { Button } from "../../ui/Button.js";
import { useMail } from "../../ui/mail.js";
import { FilterForm } from "./FilterForm.js";

/** The filters that sort what arrives. */
export function FiltersPage({ account }: { account: MailAccount }) {
  const mail = useMail();
  const { data, error } = useQuery({ queryKey: ["filters", account.id], queryFn: () => filters(mail.server, account.id), staleTime: 0, gcTime: 0 });
  const { data: folders } = useQuery(mail.folders(account.id));
  if (error) return <p role="alert">{error instanceof MethodError ? t.ownersOnly : t.wentWrong(error.message)}</p>;
  if (!data || !folders) return <p>{t.loading}</p>;
  return <FilterList account={account} now={data} folders={folders} />;
}

const newRule: Rule = { name: "", all: true, conditions: [{ field: "from", contains: true, value: "" }], stop: true };

function FilterList({ account, now, folders }: { account: MailAccount; now: Filters; folders: readonly Mailbox[] }) {
  const mail = useMail();
  const cache = useQueryClient();
  const [open, setOpen] = useState<number>(); // the place of the filter that is changed; that of a new one is behind all
  const [problem, setProblem] = useState("");
  const { parts } = now.script;
  const isShared = mail.work.isIn(account.id);

  const keep = async (next: (Rule | Foreign)[]) => {
    setProblem("");
    try {
      await setFilters(mail.server, account.id, now, { ...now.script, parts: next });
      setOpen(undefined);
    } catch (e) {
      setProblem(wasChanged(e) ? t.changedMeanwhile : e instanceof Error ? e.message : "");
    }
    await cache.invalidateQueries({ queryKey: ["filters", account.id] });
  };
  const at = (i: number, part: Rule | Foreign) => parts.map((p, k) => (k === i ? part : p));
  const move = (i: number, by: number) => {
    const next = [...parts];
    const [part] = next.splice(i, 1);
    if (part) next.splice(i + by, 0, part);
    return keep(next);
  };

  return (
    <>
      <p className="settings-hint">{t.filtersHint}</p>
      {problem && (
        <p role="alert" className="settings-problem">
          {problem}
        </p>
      )}
      {(now.script.before.trim() || now.script.after.trim()) && <p className="notice">{t.filtersForeign(now.name ?? "")}</p>}
      <ol className="filters">
        {parts.map((part, i) => (
          <li key={i}>
            {!isRule(part) ? (
              <>
                <strong>{t.filterChanged}</strong>
                <pre>{part.text}</pre>
                <Button label={t.filterDrop} onClick={() => void keep(parts.filter((_, k) => k !== i))} />
              </>
            ) : open === i ? (
              <FilterForm rule={part} isShared={isShared} folders={folders} onSave={(r) => keep(at(i, r))} onCancel={() => setOpen(undefined)} />
            ) : (
              <FilterLine
                rule={part}
                folders={folders}
                isFirst={i === 0}
                isLast={i === parts.length - 1}
                onEdit={() => setOpen(i)}
                onToggle={() => void keep(at(i, { ...part, off: !part.off }))}
                onMove={(by) => void move(i, by)}
                onDrop={() => void keep(parts.filter((_, k) => k !== i))}
              />
            )}
          </li>
        ))}
      </ol>
      {open === parts.length ? (
        <FilterForm rule={newRule} isShared={isShared} folders={folders} onSave={(r) => keep([...parts, r])} onCancel={() => setOpen(undefined)} />
      ) : (
        <Button label={t.filterNew} icon="write" onClick={() => setOpen(parts.length)} />
      )}
    </>
  );
}

interface LineProps {
  rule: Rule;
  folders: readonly Mailbox[];
  isFirst: boolean;
  isLast: boolean;
  onEdit: () => void;
  onToggle: () => void;
  onMove: (by: number) => void;
  onDrop: () => void;
}

function FilterLine({ rule, folders, isFirst, isLast, onEdit, onToggle, onMove, onDrop }: LineProps) {
  const folder = rule.folder && folders.find((f) => f.id === rule.folder?.id);
  const when = rule.conditions.map((c) => t.condition(t.fields[c.field], c.contains, c.value)).join(rule.all ? t.and : t.or);
  const named = rule.category && (t.categories[rule.category as Category] ?? rule.category);
  const then = [named && t.isCategory(named, rule.within ?? 0), rule.folder && t.goesTo(folder ? folderName(folder) : `${rule.folder.name} ${t.folderGone}`), rule.flag && t.isFlagged, rule.read && t.isRead].filter(Boolean).join(", ");
  return (
    <>
      <strong>{rule.name}</strong> {rule.off && <span className="tag">{t.filterOff}</span>}
      <p>
        {when} → {then}
      </p>
      <div className="filter-buttons">
        <Button label={t.change} aria-label={`${t.change}: ${rule.name}`} onClick={onEdit} />
        <Button label={rule.off ? t.turnOn : t.turnOff} aria-label={`${rule.off ? t.turnOn : t.turnOff}: ${rule.name}`} onClick={onToggle} />
        <Button label={t.earlier} aria-label={`${t.earlier}: ${rule.name}`} disabled={isFirst} onClick={() => onMove(-1)} />
        <Button label={t.later} aria-label={`${t.later}: ${rule.name}`} disabled={isLast} onClick={() => onMove(1)} />
        <Button label={t.remove} aria-label={`${t.remove}: ${rule.name}`} onClick={onDrop} />
      </div>
    </>
  );
}
