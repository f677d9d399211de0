import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState, useSyncExternalStore, type KeyboardEvent } from "react";
import { t } from "../../locales/text.js";
import type { Mailbox, ThreadId } from "../../jmap/client.js";
import { threadOf, type Row } from "../../model/row.js";
import type { MailList } from "../../store/list.js";
import { Button } from "../../ui/Button.js";
import { useWorkOf } from "../work/hooks.js";
import { RowView } from "./RowView.js";
import "./list.css";

export interface Selection {
  threads: ReadonlySet<ThreadId>;
  set: (threads: ReadonlySet<ThreadId>) => void;
}

interface Props {
  list: MailList;
  label: string;
  folder: Mailbox | undefined;
  open: ThreadId | undefined;
  selection: Selection;
  empty: string;
  words: readonly string[];
  onOpen: (row: Row) => void;
}

const rowHeight = 76;

/** A list of conversations: a grid of one column that may be very long. Arrow keys move in it, Enter opens, Space selects. */
export function ListView({ list, label, folder, open, selection, empty, words, onOpen }: Props) {
  const { total, rows, error } = useSyncExternalStore(list.watch, list.snapshot);
  const scroller = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState(0);
  const virtual = useVirtualizer({ count: total ?? 0, getScrollElement: () => scroller.current, estimateSize: () => rowHeight, overscan: 12 });
  const items = virtual.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 20;
  useEffect(() => list.look(first, last), [list, first, last, total]);
  useEffect(() => {
    setAt(0);
    scroller.current?.scrollTo(0, 0);
  }, [list]);
  const work = useWorkOf(list.asked.accountId, rows.slice(first, last + 1));

  const focus = (index: number) => {
    const to = Math.max(0, Math.min((total ?? 1) - 1, index));
    setAt(to);
    virtual.scrollToIndex(to);
    requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-index="${to}"]`)?.focus());
  };
  const toggle = (row: Row, range: boolean) => {
    const next = new Set(selection.threads);
    const here = list.indexOf(threadOf(row));
    if (range) for (let i = Math.min(at, here); i <= Math.max(at, here); i++) rows[i] && next.add(threadOf(rows[i] as Row));
    else if (!next.delete(threadOf(row))) next.add(threadOf(row));
    selection.set(next);
    setAt(here);
  };
  const onKeyDown = (e: KeyboardEvent) => {
    const row = rows[at];
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? rowHeight) / rowHeight) - 1);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: (total ?? 1) - 1, PageDown: at + page, PageUp: at - page }[e.key];
    if (to !== undefined) focus(to);
    else if (e.key === "Enter" && row) onOpen(row);
    else if (e.key === " " && row) toggle(row, e.shiftKey);
    else return;
    e.preventDefault();
  };

  if (error && total === undefined) {
    return (
      <div className="list-says" role="alert">
        <p>{t.wentWrong(error instanceof Error ? error.message : "")}</p>
        <Button label={t.retry} onClick={() => void list.refresh()} />
      </div>
    );
  }
  return (
    <>
      {total === 0 && <p className="list-says">{empty}</p>}
      <div ref={scroller} className="list" role="grid" aria-label={label} aria-rowcount={total ?? -1} aria-busy={total === undefined} aria-multiselectable="true" onKeyDown={onKeyDown}>
        <div role="rowgroup" style={{ height: virtual.getTotalSize(), position: "relative" }}>
          {items.map((item) => {
            const row = rows[item.index];
            return (
              <RowView
                key={row ? threadOf(row) : `place-${item.index}`}
                row={row}
                work={row && work?.get(threadOf(row))}
                index={item.index}
                top={item.start}
                height={rowHeight}
                words={words}
                isSent={folder?.role === "sent" || folder?.role === "drafts" || folder?.role === "scheduled"}
                isOpen={row !== undefined && open === threadOf(row)}
                isSelected={row !== undefined && selection.threads.has(threadOf(row))}
                isFirst={item.index === at}
                onOpen={(r) => (setAt(item.index), onOpen(r))}
                onToggle={toggle}
              />
            );
          })}
        </div>
      </div>
    </>
  );
}
