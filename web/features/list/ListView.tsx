import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState, useSyncExternalStore, type DragEvent, type KeyboardEvent, type MouseEvent, type PointerEvent, type ReactNode } from "react";
import { t } from "../../locales/text.js";
import type { Mailbox, ThreadId } from "../../jmap/client.js";
import { rowHeights } from "../../model/density.js";
import { threadOf, type Row } from "../../model/row.js";
import { reason } from "../../store/reason.js";
import type { MailList } from "../../store/list.js";
import { Button } from "../../ui/Button.js";
import { useMail, useSession } from "../../ui/mail.js";
import type { Anchor } from "../../ui/Popover.js";
import { useWorkOf } from "../work/hooks.js";
import { focusOnceDrawn, indexOf, useFocusKept } from "./focus.js";
import { RowView } from "./RowView.js";
import type { RowPlace } from "./usePlaces.js";
import { toggled, withRows, type Selection } from "./selection.js";
import "./list.css";

interface Props {
  list: MailList;
  label: string;
  folder: Mailbox | undefined;
  open: ThreadId | undefined;
  selected: Selection;
  onSelect: (s: Selection) => void;
  empty: string;
  words: readonly string[];
  /** Where a line stands, in a search. */
  placeOf: (row: Row) => RowPlace | undefined;
  onOpen: (row: Row) => void;
  /** The pointer rests on a line, or the focus comes to it. */
  onNear: (row: Row | undefined) => void;
  /** Somebody wants to see what can be done with a line. */
  onMenu: (row: Row, at: Anchor) => void;
  /** What can be done at once with a line. */
  toolsOf: (row: Row) => ReactNode;
  /** A line is dragged; undefined when that ends. */
  onDrag: (row: Row | undefined) => void;
}

const ahead = 30; // lines that are fetched before somebody scrolls to them
const drawnAhead = 16; // lines that are drawn before
const behind = 5;

/** A list of conversations: a grid of one column that may be very long. Arrow keys move in it, Enter opens, Space selects. */
export function ListView({ list, label, folder, open, selected, onSelect, empty, words, placeOf, onOpen, onNear, onMenu, toolsOf, onDrag }: Props) {
  const { total, rows, error } = useSyncExternalStore(list.watch, list.snapshot);
  const { density } = useMail();
  const chosen = useSyncExternalStore(density.watch, density.snapshot);
  const dense = list.asked.words ? "comfortable" : chosen; // what was looked for is shown where it stands
  const rowHeight = rowHeights[dense];
  const scroller = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState(0);
  const direction = useRef<"forward" | "backward" | null>(null);
  const virtual = useVirtualizer({
    count: total ?? 0,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    rangeExtractor: ({ startIndex, endIndex, count }) => {
      const focused = indexOf(scroller.current?.contains(document.activeElement) ? document.activeElement : null);
      return drawn(startIndex, endIndex, count, direction.current, focused); // a line that has the focus stays, wherever somebody scrolls
    },
  });
  direction.current = virtual.scrollDirection;
  useEffect(() => virtual.measure(), [virtual, rowHeight]);
  const items = virtual.getVirtualItems();
  const { startIndex: first, endIndex: last } = virtual.range ?? { startIndex: 0, endIndex: 20 };
  const backwards = direction.current === "backward";
  useEffect(() => list.look(Math.max(0, first - (backwards ? ahead : behind)), last + (backwards ? behind : ahead)), [list, first, last, backwards, total]);
  useEffect(() => {
    setAt(0);
    scroller.current?.scrollTo(0, 0);
  }, [list]);
  const [over, setOver] = useState<number>();
  useEffect(() => {
    const rests = setTimeout(() => onNear(rows[over ?? at]), 80);
    return () => clearTimeout(rests);
  }, [over, at]); // eslint-disable-line -- once for each line
  const ownDomain = useSession().username.split("@")[1] ?? "";
  const work = useWorkOf(list.asked.everywhere ? undefined : list.asked.accountId, rows.slice(first, last + 1));

  const focus = (index: number) => {
    const to = Math.max(0, Math.min((total ?? 1) - 1, index));
    setAt(to);
    virtual.scrollToIndex(to);
    focusOnceDrawn(scroller, to);
  };
  const focused = useFocusKept(scroller, setAt, () => focus(at), () => focus(virtual.range?.startIndex ?? 0));
  useEffect(() => {
    const to = open === undefined ? -1 : list.indexOf(open);
    if (to < 0) return;
    if (to !== at && scroller.current?.contains(document.activeElement)) focus(to); // with a key that opens the next one
    else {
      setAt(to);
      virtual.scrollToIndex(to);
    }
  }, [open]); // eslint-disable-line -- when another one is opened, wherever it stands later
  const toggle = (row: Row, range: boolean) => {
    const here = list.indexOf(threadOf(row));
    onSelect(range ? withRows(selected, rows.slice(Math.min(at, here), Math.max(at, here) + 1)) : toggled(selected, row));
    if (!range) setAt(here);
  };
  const isAtDrawn = items.some((i) => i.index === at);
  const onKeyDown = (e: KeyboardEvent) => {
    const row = rows[at];
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? rowHeight) / rowHeight) - 1);
    const to = e.ctrlKey || e.metaKey || e.altKey ? undefined : { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: (total ?? 1) - 1, PageDown: at + page, PageUp: at - page }[e.key];
    if (to !== undefined) {
      const goal = rows[Math.max(0, to)];
      if (e.shiftKey && row && goal) onSelect(withRows(selected, [row, goal]));
      focus(to);
    } else if (e.key === "Enter" && row) onOpen(row);
    else if (e.key === " " && row) toggle(row, e.shiftKey);
    else if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === "a") onSelect(withRows(selected, rows));
    else if (row && (e.key === "ContextMenu" || (e.key === "F10" && e.shiftKey))) onMenu(row, menuPlace(scroller.current?.querySelector(`[data-index="${at}"]`)));
    else return;
    e.preventDefault();
  };
  const lineOf = (e: MouseEvent | DragEvent) => rows[indexOf(e.target as Element) ?? -1];
  const onClick = (e: MouseEvent) => {
    const row = lineOf(e);
    if (!row) return;
    if (e.shiftKey || e.ctrlKey || e.metaKey || (e.target as HTMLElement).closest(".row-select")) toggle(row, e.shiftKey);
    else {
      setAt(list.indexOf(threadOf(row)));
      onOpen(row);
    }
  };
  const onPointerOver = (e: PointerEvent) => {
    setOver(e.pointerType === "mouse" ? indexOf(e.target as Element) : undefined);
  };
  const onContextMenu = (e: MouseEvent) => {
    const row = lineOf(e);
    if (!row) return;
    e.preventDefault();
    if (e.button !== 2 && (e.nativeEvent as globalThis.PointerEvent).pointerType !== "touch") return; // that of a key was answered as the key was pressed
    setAt(list.indexOf(threadOf(row)));
    onMenu(row, { x: e.clientX, y: e.clientY, width: 0, height: 0 });
  };
  const onDragStart = (e: DragEvent) => {
    const row = lineOf(e);
    if (!row) return;
    e.dataTransfer.effectAllowed = "copyMove";
    e.dataTransfer.setData("text/plain", row.email.subject ?? "");
    e.dataTransfer.setDragImage(dragImage(selected.has(threadOf(row)) ? selected.size : 1), -12, -8);
    onDrag(row);
  };

  if (error && total === undefined) {
    return (
      <div className="list-says" role="alert">
        <p>{t.wentWrong(reason(error) || t.unreachable)}</p>
        <Button label={t.retry} onClick={() => void list.refresh()} />
      </div>
    );
  }
  return (
    <>
      {error !== undefined && (
        <p className="notice list-note" role="status">
          {t.listIncomplete} <Button label={t.retry} onClick={() => void list.refresh()} />
        </p>
      )}
      {total === 0 && <p className="list-says">{empty}</p>}
      <div
        ref={scroller}
        className={`list ${dense}`}
        role="grid"
        aria-label={label}
        aria-rowcount={total ?? -1}
        aria-busy={total === undefined}
        aria-multiselectable="true"
        tabIndex={isAtDrawn ? -1 : 0}
        onKeyDown={onKeyDown}
        onClick={onClick}
        onMouseDown={(e) => e.shiftKey && e.preventDefault()} // which would select text
        onContextMenu={onContextMenu}
        onPointerOver={onPointerOver}
        onPointerLeave={() => setOver(undefined)}
        onDragStart={onDragStart}
        onDragEnd={() => onDrag(undefined)}
        {...focused}
      >
        <div role="rowgroup" style={{ height: virtual.getTotalSize(), position: "relative" }}>
          {items.map((item) => {
            const row = rows[item.index];
            return (
              <RowView
                key={row ? threadOf(row) : `place-${item.index}`}
                row={row}
                work={row && work.get(threadOf(row))}
                index={item.index}
                top={item.start}
                height={rowHeight}
                words={words}
                isSent={folder?.role === "sent" || folder?.role === "drafts" || folder?.role === "scheduled"}
                isOpen={row !== undefined && open === threadOf(row)}
                isSelected={row !== undefined && selected.has(threadOf(row))}
                isFirst={item.index === at}
                ownDomain={ownDomain}
                place={row && placeOf(row)}
                tools={row && item.index === over && toolsOf(row)}
              />
            );
          })}
        </div>
      </div>
    </>
  );
}

/** Which lines are drawn: what is seen, more of where somebody scrolls to than of where they come from, and one that is to stay. */
function drawn(start: number, end: number, count: number, direction: "forward" | "backward" | null, stays: number | undefined): number[] {
  const from = Math.max(0, start - (direction === "backward" ? drawnAhead : behind));
  const to = Math.min(count - 1, end + (direction === "forward" ? drawnAhead : behind));
  const all = Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
  if (stays !== undefined && stays < from) all.unshift(stays);
  else if (stays !== undefined && stays > to && stays < count) all.push(stays);
  return all;
}

function menuPlace(line: Element | null | undefined): Anchor {
  const { x, y, height } = line?.getBoundingClientRect() ?? new DOMRect();
  return { x: x + 40, y: y + height / 2, width: 0, height: 0 };
}

/** What the pointer carries: how many conversations. It has to be on the page when the browser takes its picture of it. */
function dragImage(n: number): HTMLElement {
  const image = document.createElement("div");
  image.className = "drag-image";
  image.textContent = t.dragged(n);
  document.body.append(image);
  setTimeout(() => image.remove());
  return image;
}
