import { useState, type KeyboardEvent } from "react";
import { t } from "../../locales/text.js";
import type { EmailAddress } from "../../jmap/client.js";
import { isAddress } from "../../model/addresses.js";
import { nameOf, written } from "../../model/people.js";
import { Icon } from "../../ui/Icon.js";

const atFirst = 40;
const atOnce = 200;

interface ChipsProps {
  list: readonly EmailAddress[];
  refused: ReadonlySet<string>;
  onDrop: (at: number) => void;
  onDropAll: () => void;
  onEdit: (at: number) => void;
  onLeave: () => void;
}

/** The first of them, and those that are wrong: thousands are not shown at once. */
export function Chips({ list, refused, onDrop, onDropAll, onEdit, onLeave }: ChipsProps) {
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
      {list.length > atFirst && (
        <button type="button" className="chip-more" onClick={onDropAll}>
          {t.dropRecipients}
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
