import { useId, useRef, useState, type ClipboardEvent, type KeyboardEvent } from "react";
import { t } from "../../locales/text.js";
import type { AccountId, EmailAddress } from "../../jmap/client.js";
import { addressesOf, isAddress } from "../../model/addresses.js";
import { unique, written } from "../../model/people.js";
import { Chips } from "./Chips.js";
import { optionId, Suggestions } from "./Suggestions.js";
import { useSuggestions } from "./useSuggestions.js";

interface Props {
  accountId: AccountId;
  label: string;
  list: readonly EmailAddress[];
  refused: ReadonlySet<string>;
  autoFocus: boolean;
  onChange: (list: EmailAddress[]) => void;
}

/** A field for people: each that was typed becomes a chip, and a whole table of them can be pasted. */
export function Recipients({ accountId, label, list, refused, autoFocus, onChange }: Props) {
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const [text, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const [closed, setClosed] = useState(false);
  const offered = useSuggestions(accountId, closed ? "" : text, list);
  const open = offered.length > 0;
  const bad = list.filter((a) => !isAddress(a.email));

  const setText = (to: string) => {
    setTyped(to);
    setAt(0);
    setClosed(false);
  };
  const choose = (i: number) => {
    const one = offered[i];
    if (one) onChange(unique([...list, one.address]));
    setText("");
    input.current?.focus();
  };
  const take = (typed: string) => {
    const found = addressesOf(typed);
    if (found.length) onChange(unique([...list, ...found]));
    setText("");
  };
  const drop = (at: number) => {
    onChange(list.filter((_, i) => i !== at));
    input.current?.focus();
  };
  const dropAll = () => {
    onChange([]);
    input.current?.focus();
  };
  const edit = (at: number) => {
    const before = list.filter((_, i) => i !== at);
    onChange(text.trim() ? unique([...before, ...addressesOf(text)]) : before);
    setText(written(list[at] as EmailAddress));
    input.current?.focus();
  };
  const onPaste = (e: ClipboardEvent) => {
    const pasted = e.clipboardData.getData("text");
    if (!/[,;\n\t<]|\S@\S+\s+\S+@/.test(pasted.trim()) && !isAddress(pasted.trim())) return;
    e.preventDefault();
    take(text + pasted);
  };
  const chips = () => [...(box.current?.querySelectorAll<HTMLElement>("[data-chip]") ?? [])];
  const onKeyDown = (e: KeyboardEvent<HTMLInputElement>) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (open && (step !== undefined || e.key === "Escape" || ((e.key === "Enter" || (e.key === "Tab" && !e.shiftKey)) && !isAddress(text.trim()) && !e.ctrlKey))) {
      e.preventDefault();
      if (step !== undefined) setAt((at + step + offered.length) % offered.length);
      else if (e.key === "Escape") {
        e.stopPropagation();
        setClosed(true);
      }
      else choose(at);
      return;
    }
    const atStart = e.currentTarget.selectionStart === 0 && e.currentTarget.selectionEnd === 0;
    if (e.key === "Enter" && !e.ctrlKey && !e.metaKey) e.preventDefault();
    if ((e.key === "Enter" || e.key === "," || e.key === ";") && text.trim() && !isInName(text, e.key)) {
      e.preventDefault();
      take(text);
    } else if ((e.key === "ArrowLeft" || (e.key === "Backspace" && text === "")) && atStart && list.length) {
      e.preventDefault();
      chips().at(-1)?.focus();
    }
  };

  return (
    <div className="compose-row" role="group" aria-label={label}>
      <label htmlFor={id}>{label}</label>
      <div ref={box} className="recipients" onMouseDown={(e) => e.target === e.currentTarget && (e.preventDefault(), input.current?.focus())}>
        <Chips list={list} refused={refused} onDrop={drop} onDropAll={dropAll} onEdit={edit} onLeave={() => input.current?.focus()} />
        <input
          ref={input}
          id={id}
          role="combobox"
          aria-expanded={open}
          aria-autocomplete="list"
          aria-controls={open ? `${id}-list` : undefined}
          aria-activedescendant={open ? optionId(id, at) : undefined}
          aria-describedby={`${id}-hint`}
          aria-invalid={bad.length > 0}
          className="recipients-input"
          value={text}
          autoFocus={autoFocus}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          inputMode="email"
          onChange={(e) => setText(e.target.value)}
          onPaste={onPaste}
          onKeyDown={onKeyDown}
          onBlur={() => text.trim() && take(text)}
        />
        <span id={`${id}-hint`} className="hidden">
          {list.length > 0 ? `${t.recipients(list.length)}. ` : ""}
          {t.recipientsHint}
        </span>
      </div>
      {open && <Suggestions id={id} label={label} list={offered} at={at} typed={text} onChoose={choose} />}
      <span className="hidden" role="status">
        {open ? t.suggestions(offered.length) : ""}
      </span>
      {bad.length > 0 && (
        <p className="recipients-bad" role="status">
          {bad.length === 1 ? t.badAddress(bad[0]?.email ?? "") : t.badAddresses(bad.length)}
        </p>
      )}
    </div>
  );
}

/** Whether a comma belongs to a name that is being typed, as in "Rahman, Aisha". */
function isInName(text: string, key: string): boolean {
  return key !== "Enter" && !text.includes("@");
}
