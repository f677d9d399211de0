import { Fragment, useEffect, useRef, type KeyboardEvent } from "react";
import { Icon, type IconName } from "./Icon.js";
import { Popover, type Anchor } from "./Popover.js";

export interface MenuEntry {
  id: string;
  label: string;
  icon?: IconName | undefined;
  /** As it is shown, such as "Ctrl+Z". */
  keys?: string | undefined;
  /** A line stands before it. */
  apart?: boolean;
  run: () => void;
}

interface Props {
  label: string;
  anchor: Anchor;
  entries: readonly MenuEntry[];
  onClose: () => void;
}

const typedFor = 700; // milliseconds in which letters that are typed are one word

/** A menu (WAI-ARIA menu pattern): arrow keys and first letters move in it, Enter and Space choose. */
export function Menu({ label, anchor, entries, onClose }: Props) {
  const list = useRef<HTMLDivElement>(null);
  const typed = useRef({ text: "", at: 0 });
  const items = () => [...(list.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
  useEffect(() => {
    list.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus({ preventScroll: true });
  }, []);

  const onKeyDown = (e: KeyboardEvent) => {
    const all = items();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: (at + 1) % all.length, ArrowUp: (at - 1 + all.length) % all.length, Home: 0, End: all.length - 1 }[e.key];
    if (to !== undefined) all[to]?.focus();
    else if (e.key === "Tab") onClose();
    else if (e.key.length === 1 && e.key !== " " && !e.ctrlKey && !e.metaKey && !e.altKey) find(e.key.toLowerCase(), at, all);
    else return;
    e.preventDefault();
  };
  const find = (letter: string, at: number, all: HTMLElement[]) => {
    const now = Date.now();
    const text = now - typed.current.at < typedFor ? typed.current.text + letter : letter;
    typed.current = { text, at: now };
    const from = text.length === 1 ? at + 1 : at;
    const turned = [...entries.keys()].map((i) => (from + i) % entries.length);
    const hit = turned.find((i) => entries[i]?.label.toLowerCase().startsWith(text));
    if (hit !== undefined) all[hit]?.focus();
  };
  const choose = (entry: MenuEntry) => {
    onClose();
    entry.run();
  };
  return (
    <Popover anchor={anchor} onClose={onClose} onKeyDown={onKeyDown}>
      <div ref={list} role="menu" aria-label={label} className="menu">
        {entries.map((e) => (
          <Fragment key={e.id}>
            {e.apart && <div role="separator" className="menu-line" />}
            <button type="button" role="menuitem" tabIndex={-1} onClick={() => choose(e)} onPointerEnter={(p) => p.currentTarget.focus({ preventScroll: true })}>
              {e.icon ? <Icon name={e.icon} /> : <span className="icon" />}
              <span className="menu-label">{e.label}</span>
              {e.keys && <kbd>{e.keys}</kbd>}
            </button>
          </Fragment>
        ))}
      </div>
    </Popover>
  );
}
