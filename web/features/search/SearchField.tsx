import { useQuery } from "@tanstack/react-query";
import { useEffect, useId, useRef, useState, type FormEvent, type KeyboardEvent } from "react";
import { t } from "../../locales/text.js";
import type { MailAccount } from "../../model/mailboxes.js";
import { suggestionsFor, type Suggestion } from "../../model/suggest.js";
import { go, useRoute } from "../../store/route.js";
import { Icon } from "../../ui/Icon.js";
import { useMail } from "../../ui/mail.js";
import "./search.css";

/** The field of the search. Below it stands what could come next: operators, folders, days. */
export function SearchField({ account }: { account: MailAccount }) {
  const mail = useMail();
  const route = useRoute();
  const { data: folders = [] } = useQuery(mail.folders(account.id));
  const [text, setText] = useState(route.search ?? "");
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(-1);
  const field = useRef<HTMLInputElement>(null);
  const list = useId();
  useEffect(() => setText(route.search ?? ""), [route.search]);
  const shown = open ? suggestionsFor(text, folders, new Date()) : [];

  const search = () => {
    setOpen(false);
    const wanted = text.trim();
    const from = route.search === undefined ? route.folder : route.from;
    if (wanted) go({ accountId: account.id, search: wanted, ...(from && { from }), ...(route.scope && { scope: route.scope }) });
    else if (route.search !== undefined) go({ accountId: account.id, ...(from && { folder: from }) });
  };
  const submit = (e: FormEvent) => {
    e.preventDefault();
    search();
  };
  const take = (s: Suggestion) => {
    setText(s.text);
    setAt(-1);
    field.current?.focus();
  };
  const onKeyDown = (e: KeyboardEvent) => {
    if (e.key === "ArrowDown" && !open) setOpen(true);
    else if (e.key === "ArrowDown" && shown.length) setAt((at + 1) % shown.length);
    else if (e.key === "ArrowUp" && shown.length) setAt(at < 0 ? shown.length - 1 : at - 1);
    else if (e.key === "Enter" && shown[at]) take(shown[at]);
    else if (e.key === "Escape" && shown.length) setOpen(false);
    else return;
    e.preventDefault();
  };
  const label = route.scope === "everywhere" ? t.searchEverywhere : t.searchIn(account.name);
  return (
    <form className="search" role="search" onSubmit={submit} onBlur={(e) => !e.currentTarget.contains(e.relatedTarget) && setOpen(false)}>
      <Icon name="search" />
      <input
        ref={field}
        className="field"
        type="search"
        role="combobox"
        aria-expanded={shown.length > 0}
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={shown[at] && `${list}-${at}`}
        aria-label={label}
        placeholder={label}
        autoComplete="off"
        spellCheck={false}
        enterKeyHint="search"
        value={text}
        onFocus={() => setOpen(text === "")}
        onClick={() => setOpen(true)}
        onChange={(e) => {
          setText(e.target.value);
          setAt(-1);
          setOpen(true);
        }}
        onKeyDown={onKeyDown}
      />
      <div id={list} role="listbox" aria-label={t.searchHelp} className="popover suggestions" hidden={shown.length === 0}>
        {shown.map((s, i) => (
          <div key={s.text} id={`${list}-${i}`} role="option" aria-selected={i === at} data-focused={i === at || undefined} onMouseDown={(e) => e.preventDefault()} onClick={() => take(s)}>
            <code>
              {s.operator}:{s.value}
            </code>
            <small>{s.value === undefined ? t.operators[s.operator] : ""}</small>
          </div>
        ))}
      </div>
    </form>
  );
}
