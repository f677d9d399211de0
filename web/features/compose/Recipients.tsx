import { useId, useRef, useState, type ClipboardEvent, type KeyboardEvent } from "react";
import { t } from "../../locales/text.js";
import type { EmailAddress } from "../../jmap/client.js";
import { addressesOf, isAddress } from "../../model/addresses.js";
import { nameOf, unique, written } from "../../model/people.js";
import { Icon } from "../../ui/Icon.js";

interface Props {
  label: string;
  list: readonly EmailAddress[];
  refused: ReadonlySet<string>;
  autoFocus: boolean;
  onChange: (list: EmailAddress[]) => void;
}

/** A field for people: each that was typed becomes a chip, and a whole table of them can be pasted. */
export function Recipients({ label, list, refused, autoFocus, onChange }: Props) {
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState("");
  const bad = list.filter((a) => !isAddress(a.email));

  const take = (typed: string) => {
    const found = addressesOf(typed);
    if (found.length) onChange(unique([...list, ...found]));
    setText("");
  };
  const drop = (at: number) => {
    onChange(list.filter((_, i) => i !== at));
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
        <Chips list={list} refused={refused} onDrop={drop} onEdit={edit} onLeave={() => input.current?.focus()} />
        <input
          ref={input}
          id={id}
          role="combobox"
          aria-expanded={false}
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

const atFirst = 40;
const atOnce = 200;

interface ChipsProps {
  list: readonly EmailAddress[];
  refused: ReadonlySet<string>;
  onDrop: (at: number) => void;
  onEdit: (at: number) => void;
  onLeave: () => void;
}

/** The first of them, and those that are wrong: thousands are not shown at once. */
function Chips({ list, refused, onDrop, onEdit, onLeave }: ChipsProps) {
  const [most, setMost] = useState(atFirst);
  const isBad = (a: EmailAddress) => !isAddress(a.email) || refused.has(a.email.toLowerCase());
  const shown: number[] = [];
  let bad = 0;
  list.forEach((a, i) => {
    if (i < most) shown.push(i);
    else if (isBad(a) && bad++ < atFirst) shown.push(i);
  });
  const move = (e: KeyboardEvent<HTMLElement>, at: number) => {
    const all = [...(e.currentTarget.closest(".recipients")?.querySelectorAll<HTMLElement>("[data-chip]") ?? [])];
    const here = all.indexOf(e.currentTarget);
    if (e.key === "ArrowLeft") all[here - 1]?.focus();
    else if (e.key === "ArrowRight") (all[here + 1] ?? { focus: onLeave }).focus();
    else if (e.key === "Backspace" || e.key === "Delete") onDrop(at);
    else return;
    e.preventDefault();
  };
  const hidden = list.length - shown.length;
  return (
    <>
      {list.length > 0 && (
        <ul className="chips" role="list">
          {shown.map((i) => {
            const a = list[i] as EmailAddress;
            return <Chip key={`${a.email}\n${i}`} address={a} at={i} bad={isBad(a)} onDrop={onDrop} onEdit={onEdit} onKey={move} />;
          })}
        </ul>
      )}
      {hidden > 0 && (
        <button type="button" className="chip-more" onClick={() => setMost(most + atOnce)}>
          {t.moreRecipients(hidden)}
        </button>
      )}
    </>
  );
}

interface ChipProps {
  address: EmailAddress;
  at: number;
  bad: boolean;
  onDrop: (at: number) => void;
  onEdit: (at: number) => void;
  onKey: (e: KeyboardEvent<HTMLElement>, at: number) => void;
}

function Chip({ address, at, bad, onDrop, onEdit, onKey }: ChipProps) {
  return (
    <li className={`chip ${bad ? "bad" : ""}`}>
      <button type="button" data-chip tabIndex={-1} className="chip-name" title={written(address)} aria-label={t.editAddress(written(address))} onClick={() => onEdit(at)} onKeyDown={(e) => onKey(e, at)}>
        {nameOf(address)}
      </button>
      <button type="button" tabIndex={-1} className="chip-drop" aria-label={t.remove1(nameOf(address))} onClick={() => onDrop(at)}>
        <Icon name="close" />
      </button>
    </li>
  );
}
