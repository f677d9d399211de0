import { useCallback, useMemo, useState, useSyncExternalStore } from "react";
import type { Command } from "../../actions/command.js";
import { deskCommands, onLetters, type Desk } from "../../actions/desk.js";
import { hold } from "../../actions/drag.js";
import { markRead } from "../../actions/letters.js";
import { folderName } from "../../actions/names.js";
import { t } from "../../locales/text.js";
import type { Mailbox, ThreadId } from "../../jmap/client.js";
import type { MailAccount } from "../../model/mailboxes.js";
import { threadOf, type Row } from "../../model/row.js";
import type { Letter } from "../../store/letters.js";
import type { MailList } from "../../store/list.js";
import { go, useRoute } from "../../store/route.js";
import { Menu } from "../../ui/Menu.js";
import type { Anchor } from "../../ui/Popover.js";
import { useMail } from "../../ui/mail.js";
import { ConversationView } from "../reading/ConversationView.js";
import { KeySheet } from "./KeySheet.js";
import { ListHead } from "./ListHead.js";
import { ListView } from "./ListView.js";
import { MoveMenu } from "./MoveMenu.js";
import { RowTools } from "./RowTools.js";
import { current, noSelection, toggled, withRows, type Selection } from "./selection.js";
import { Toolbar, useEntries } from "./Toolbar.js";
import { useKeys } from "./useKeys.js";

interface Props {
  account: MailAccount;
  folders: readonly Mailbox[];
  folder: Mailbox | undefined;
  list: MailList;
  selected: Selection;
  setSelected: (s: Selection) => void;
  words: readonly string[];
  unclear: readonly string[];
}

/** What stands above the page: a menu of what is done with some conversations, the choice of a folder for them, the sheet of keys. */
type Above = { what: "menu" | "folders"; rows: readonly Row[]; at: Anchor } | { what: "keys" };

/** A list, and beside it what is open. */
export function Two({ account, folders, folder, list, selected, setSelected, words, unclear }: Props) {
  const mail = useMail();
  const route = useRoute();
  const listing = useSyncExternalStore(list.watch, list.snapshot);
  const [above, setAbove] = useState<Above>();
  const open = route.thread;
  const at = open === undefined ? -1 : list.indexOf(open);
  const chosen = useMemo(() => {
    if (selected.size) return current(selected, listing.rows);
    const row = listing.rows[at];
    return row ? [row] : [];
  }, [selected, listing.rows, at]);

  const show = useCallback((thread: ThreadId | undefined, replace = false) => {
    const { thread: _, ...rest } = route;
    go(thread ? { ...rest, thread } : rest, replace);
  }, [route]);

  /** Commands act upon what is chosen, or upon rows that somebody points at. */
  const deskOf = (rows: readonly Row[], anchor?: Anchor): Desk => {
    const ids = new Set(rows.map(threadOf));
    return {
      mail,
      accountId: account.id,
      folders,
      folder,
      rows,
      isOpen: open !== undefined,
      selected: selected.size,
      mayStep: (by) => listing.rows[at + by] !== undefined,
      step: (by) => {
        const row = listing.rows[at + by];
        if (row) show(threadOf(row), open !== undefined);
      },
      close: () => show(undefined),
      select: (which) => {
        if (which === "none") setSelected(noSelection);
        else if (which === "shown") setSelected(withRows(selected, listing.rows));
        else if (focusedRow(listing.rows)) setSelected(toggled(selected, focusedRow(listing.rows) as Row));
      },
      chooseFolder: () => setAbove({ what: "folders", rows, at: anchor ?? placeOf("[data-command=move]") }),
      toSearch: () => document.querySelector<HTMLElement>("[role=search] input")?.focus(),
      showKeys: () => setAbove({ what: "keys" }),
      leave: () => {
        if (open !== undefined && ids.has(open)) {
          const stays = (r: Row | undefined) => r !== undefined && !ids.has(threadOf(r));
          const next = listing.rows.slice(at + 1).find(stays) ?? listing.rows.slice(0, Math.max(at, 0)).findLast(stays);
          show(next && threadOf(next), true);
        }
        if (selected.size) setSelected(noSelection);
      },
    };
  };
  const desk = deskOf(chosen);
  const run = (c: Command<Desk>) => void c.run(desk);
  useKeys(deskCommands, desk, run);
  const pointed = above?.what === "menu" ? deskOf(above.rows, above.at) : desk;
  const entries = useEntries(pointed, (c) => void c.run(pointed));

  /** What is pointed at: all that is selected, if that is. */
  const around = (row: Row) => (selected.has(threadOf(row)) ? chosen : [row]);

  const seen = useCallback((letters: readonly Letter[]) => {
    const row = listing.rows.find((r) => r && threadOf(r) === letters[0]?.threadId);
    const rows = row ? [row] : [{ accountId: account.id, email: letters[0], thread: letters } as unknown as Row];
    if (!account.isReadOnly) void markRead({ ...desk, rows }, true);
  }, [account.id, open]); // eslint-disable-line -- when another one is opened, and not when its marks change

  const toolbar = <Toolbar desk={desk} run={run} />;
  const title = folder ? folderName(folder) : t.search;
  return (
    <div className={`two ${open ? "reading" : ""}`}>
      <section className="list-pane" aria-label={title}>
        <ListHead {...{ account, folder, title, list, listing, selected, setSelected }} />
        {selected.size > 0 && toolbar}
        {unclear.length > 0 && <p className="notice list-note">{t.unclear(unclear.join(" "))}</p>}
        <ListView
          list={list}
          label={`${title}, ${account.name}`}
          folder={folder}
          open={open}
          selected={selected}
          onSelect={setSelected}
          empty={folder ? (folder.role === "inbox" ? t.emptyInbox : t.empty) : t.emptySearch}
          words={words}
          onOpen={(r) => show(threadOf(r))}
          onMenu={(r, place) => setAbove({ what: "menu", rows: around(r), at: place })}
          toolsOf={(r) => <RowTools desk={deskOf([r])} />}
          onDrag={(r) => hold(r && deskOf(around(r)))}
        />
      </section>
      <section className="reading-pane" aria-label={t.open}>
        {open ? <ConversationView accountId={account.id} thread={open} toolbar={selected.size ? null : toolbar} onSeen={seen} onReply={() => {}} /> : <p className="list-says">{t.nothingOpen}</p>}
      </section>
      {above?.what === "menu" && <Menu label={t.actions} anchor={above.at} entries={entries(onLetters)} onClose={() => setAbove(undefined)} />}
      {above?.what === "folders" && <MoveMenu chosen={deskOf(above.rows)} anchor={above.at} onClose={() => setAbove(undefined)} />}
      {above?.what === "keys" && <KeySheet desk={desk} onClose={() => setAbove(undefined)} />}
    </div>
  );
}

/** Where something is on the screen; the middle where it is not. */
function placeOf(selector: string): Anchor {
  return document.querySelector(selector)?.getBoundingClientRect() ?? { x: innerWidth / 2 - 160, y: 120, width: 0, height: 0 };
}

/** The line that has the focus. */
function focusedRow(rows: readonly (Row | undefined)[]): Row | undefined {
  const line = document.activeElement?.closest<HTMLElement>("[data-index]");
  return line ? rows[Number(line.dataset.index)] : undefined;
}
