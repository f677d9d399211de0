import { useEffect, useId, useRef, useState, type KeyboardEvent } from "react";
import { Marked } from "./Marked.js";
import { Popover, type Anchor } from "./Popover.js";

export interface Choice {
  id: string;
  label: string;
  /** Said beside it, and searched too: where it is. */
  within?: string;
  depth?: number;
  /** Choices of one group stand below its name. */
  group?: string;
}

interface Props {
  label: string;
  /** What stands in the field while it is empty. */
  hint: string;
  nothing: string;
  anchor: Anchor;
  choices: readonly Choice[];
  onChoose: (id: string) => void;
  onClose: () => void;
}

/** The choices whose name has a word that begins with each word that was typed. */
export function matching(choices: readonly Choice[], typed: string): Choice[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  return choices.filter((c) => {
    const text = ` ${c.label} ${c.within ?? ""} ${c.group ?? ""}`.toLowerCase();
    return words.every((w) => text.includes(` ${w}`) || text.includes(`/${w}`) || text.includes(`-${w}`));
  });
}

/** A list out of which one is chosen, with a field that narrows it: the focus stays in the field, arrow keys move in the list. */
export function Picker({ label, hint, nothing, anchor, choices, onChoose, onClose }: Props) {
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  const list = useId();
  const shown = matching(choices, typed);
  const place = Math.min(at, shown.length - 1);
  useEffect(() => {
    field.current?.focus({ preventScroll: true });
  }, []);
  useEffect(() => {
    void document.getElementById(`${list}-${place}`)?.scrollIntoView({ block: "nearest" });
  }, [list, place]);

  const onKeyDown = (e: KeyboardEvent) => {
    const to = { ArrowDown: place + 1, ArrowUp: place - 1, PageDown: place + 8, PageUp: place - 8 }[e.key];
    if (to !== undefined) setAt(Math.max(0, Math.min(shown.length - 1, to)));
    else if (e.key === "Enter" && shown[place]) choose(shown[place]);
    else return;
    e.preventDefault();
  };
  const choose = (c: Choice) => {
    onClose();
    onChoose(c.id);
  };
  return (
    <Popover anchor={anchor} onClose={onClose} role="dialog" aria-label={label} className="picker" onKeyDown={onKeyDown}>
      <input
        ref={field}
        className="field"
        role="combobox"
        aria-expanded="true"
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={shown[place] && `${list}-${place}`}
        aria-label={label}
        placeholder={hint}
        value={typed}
        spellCheck={false}
        autoComplete="off"
        onChange={(e) => {
          setTyped(e.target.value);
          setAt(0);
        }}
      />
      {shown.length === 0 && <p className="picker-nothing">{nothing}</p>}
      <div id={list} role="listbox" aria-label={label} className="choices">
        {shown.map((c, i) => (
          <div key={c.id} role="presentation">
            {c.group !== undefined && c.group !== shown[i - 1]?.group && (
              <div className="choice-group" aria-hidden="true">
                {c.group}
              </div>
            )}
            <div
              id={`${list}-${i}`}
              role="option"
              aria-selected={i === place}
              data-focused={i === place || undefined}
              style={{ paddingInlineStart: 10 + 14 * (typed ? 0 : (c.depth ?? 0)) }}
              onPointerMove={() => setAt(i)}
              onMouseDown={(e) => e.preventDefault()}
              onClick={() => choose(c)}
            >
              <span>
                <Marked text={c.label} words={typed.split(/\s+/).filter(Boolean)} />
              </span>
              {c.within && <span className="hidden">, </span>}
              {c.within && <small className={typed ? "" : "hidden"}>{c.within}</small>}
              {c.group && <span className="hidden">, {c.group}</span>}
            </div>
          </div>
        ))}
      </div>
    </Popover>
  );
}
