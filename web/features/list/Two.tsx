import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { bind } from "../../actions/command.js";
import { atOnce, forwardAttached, onLetters, onList, onOpen, onWriting, type Desk } from "../../actions/desk.js";
import { hold } from "../../actions/drag.js";
import { markRead } from "../../actions/letters.js";
import { folderName } from "../../actions/names.js";
import { forwardWhole } from "../../actions/attaching.js";
import { mayFile } from "../../actions/record.js";
import { answer, goOnWriting, lastLetter, mayWrite, writeNew, writesFrom, writeTo } from "../../actions/writing.js";
import { t } from "../../locales/text.js";
import type { Mailbox, ThreadId } from "../../jmap/client.js";
import type { MailAccount } from "../../model/mailboxes.js";
import { byAccount, threadOf, within, type Row } from "../../model/row.js";
import type { Conversation, Letter } from "../../store/letters.js";
import type { MailList } from "../../store/list.js";
import { go, useRoute } from "../../store/route.js";
import { Menu } from "../../ui/Menu.js";
import type { Anchor } from "../../ui/Popover.js";
import { useMail } from "../../ui/mail.js";
import { useMedia } from "../../ui/useMedia.js";
import { workCommands } from "../../actions/work.js";
import { editable } from "../compose/editable.js";
import { ConversationView } from "../reading/ConversationView.js";
import { Elsewhere } from "../reading/Elsewhere.js";
import { AlarmBanner } from "../work/AlarmBanner.js";
import { CheckBanner } from "../work/CheckBanner.js";
import { Notes } from "../work/Notes.js";
import { useViewing } from "../work/hooks.js";
import { useHandling } from "../work/useHandling.js";
import { ViewTabs } from "../work/ViewTabs.js";
import { WorkBar, WorkTools } from "../work/WorkBar.js";
import { RecordDialog } from "../record/lazy.js";
import { Scope } from "../search/Scope.js";
import { KeySheet } from "./KeySheet.js";
import { ListHead } from "./ListHead.js";
import { ListView } from "./ListView.js";
import { MoveMenu } from "./MoveMenu.js";
import { RowTools } from "./RowTools.js";
import { current, noSelection, toggled, withRows, type Selection } from "./selection.js";
import { Toolbar, useEntries } from "./Toolbar.js";
import { useKeys } from "./useKeys.js";
import type { Shown } from "./useList.js";
import { usePlaces } from "./usePlaces.js";

interface Props extends Shown {
  list: MailList;
  /** The mailbox that the page is at. In a search of all it is that of the open conversation. */
  account: MailAccount;
  selected: Selection;
  setSelected: (s: Selection) => void;
}

/** What stands above the page: a menu of what is done with some conversations, the choice of a folder for them, the sheet of keys, the letter that is filed. */
type Above = { what: "menu" | "folders"; rows: readonly Row[]; at: Anchor } | { what: "keys" } | { what: "record"; letter: Letter };

const noFolders: readonly Mailbox[] = [];

/** A list, and beside it what is open. */
export function Two({ account, folders, list, words, unclear, selected, setSelected }: Props) {
  const mail = useMail();
  const route = useRoute();
  const listing = useSyncExternalStore(list.watch, list.snapshot);
  const [above, setAbove] = useState<Above>();
  const open = route.thread;
  const at = open === undefined ? -1 : list.indexOf(open);
  const folder = route.search === undefined ? folders.get(account.id)?.find((f) => f.id === list.asked.folder) : undefined;
  const { data: conversation } = useQuery({ ...mail.conversation(account.id, open ?? ""), enabled: open !== undefined });
  const chosen = useMemo(() => {
    if (selected.size) return current(selected, listing.rows);
    const row = listing.rows[at] ?? (conversation && rowOf(conversation)); // what somebody came to by its address stands somewhere in the list, or nowhere
    return row ? [row] : [];
  }, [selected, listing.rows, at, conversation]);
  const last = conversation?.letters.findLast((l) => !l.keywords.$draft);
  const placeOfRow = usePlaces(list, folders, route.scope !== "folder");

  const show = useCallback((row: Row | undefined, replace = false) => {
    const { thread: _, ...rest } = route;
    go(row ? { ...rest, accountId: row.accountId, thread: threadOf(row) } : rest, replace);
  }, [route]);

  /** Opens what a line is of; a draft is gone on with, and others of the conversation are behind it. */
  const openRow = (row: Row) => {
    const drafts = folder?.role === "drafts" ? within(row, folder.id).length : 0;
    if (drafts !== 1) show(row);
    if (drafts > 0) void goOnWriting(mail, row.accountId, row.email, editable);
  };

  /** What commands act upon: what is chosen, or rows that somebody points at, with all that they were chosen with. */
  const deskOf = (rows: readonly Row[], whole = rows, anchor?: Anchor): Desk => {
    const accountId = rows[0]?.accountId ?? account.id;
    return {
      mail,
      accountId,
      folders: folders.get(accountId) ?? noFolders,
      folder,
      rows,
      isOpen: open !== undefined,
      selected: selected.size,
      mayStep: (by) => listing.rows[at + by] !== undefined,
      step: (by) => show(listing.rows[at + by], open !== undefined),
      close: () => show(undefined),
      select: (which) => {
        const row = focusedRow(listing.rows);
        if (which === "none") setSelected(noSelection);
        else if (which === "shown") setSelected(withRows(selected, listing.rows));
        else if (row) setSelected(toggled(selected, row));
      },
      chooseFolder: () => setAbove({ what: "folders", rows: whole, at: anchor ?? placeOnScreen("[data-command=move]") }),
      toSearch: () => document.querySelector<HTMLElement>("[role=search] input")?.focus(),
      showKeys: () => setAbove({ what: "keys" }),
      mayWrite: writesFrom(mail, accountId) !== undefined,
      write: () => {
        const from = writesFrom(mail, accountId);
        if (from !== undefined) void writeNew(mail, from);
      },
      mayAnswer: open !== undefined && mayWrite(mail, account.id),
      answer: (kind) => {
        const letter = open && lastLetter(mail, account.id, open);
        if (letter) void answer(mail, account.id, letter, kind, editable);
      },
      mayFile: last !== undefined && mayFile(mail, account.id, last),
      file: () => last && setAbove({ what: "record", letter: last }),
      attach: mayWrite(mail, accountId) && rows.length > 0 && folder?.role !== "drafts" && byAccount(whole).length === 1 ? () => forwardWhole(mail, accountId, rows.flatMap((r) => within(r, folder?.id)).map((m) => m.id)) : undefined,
      leave: () => {
        const going = new Set(whole.map(threadOf));
        if (open !== undefined && going.has(open)) {
          const stays = (r: Row | undefined) => r !== undefined && !going.has(threadOf(r));
          show(at < 0 ? undefined : (listing.rows.slice(at + 1).find(stays) ?? listing.rows.slice(0, at).findLast(stays)), true);
        }
        if (selected.size) setSelected(noSelection);
      },
    };
  };
  const desksOf = (rows: readonly Row[], anchor?: Anchor) => byAccount(rows).map((part) => deskOf(part, rows, anchor));
  const desk = deskOf(chosen);
  const buttons = bind(onLetters, desksOf(chosen));
  const others = [...bind(onOpen, [desk]), ...bind(onWriting, [desk]), ...bind(onList, [desk])];
  useViewing(account.id, open);
  const [handling, handOverDialog] = useHandling(account.id, selected.size ? chosen.map(threadOf) : open ? [open] : [], () => setSelected(noSelection));
  const handlings = handling ? bind(workCommands, [handling]) : [];
  useKeys(() => {
    const row = selected.size ? undefined : focusedRow(listing.rows); // keys are for what the focus is at, though another one may be open
    return [...(row ? bind(onLetters, [deskOf([row])]) : buttons), ...handlings, ...others];
  });
  const entries = useEntries(above?.what === "menu" ? [...bind(onLetters, desksOf(above.rows, above.at)), ...bind([forwardAttached], [deskOf(above.rows)])] : []);

  /** What is pointed at: all that is selected, if that is. */
  const around = (row: Row) => (selected.has(threadOf(row)) ? chosen : [row]);

  const seen = useCallback((letters: readonly Letter[]) => {
    const row = rowOf({ accountId: account.id, letters });
    if (row && !account.isReadOnly) void markRead(deskOf([row]), true);
  }, [account.id, open]); // eslint-disable-line -- when another one is opened, and not when its marks change

  // What stands beside the open one is most often opened next, and what the pointer rests on.
  const ahead = useCallback((row: Row | undefined) => row && void mail.cache.prefetchQuery(mail.conversation(row.accountId, threadOf(row))), [mail]);
  useEffect(() => {
    if (at < 0) return;
    const soon = setTimeout(() => [1, 2, -1].forEach((by) => ahead(listing.rows[at + by])), 50); // the open one goes first
    return () => clearTimeout(soon);
  }, [ahead, at, listing.rows]);

  const narrow = useMedia("(width < 860px)");
  useFocusFollows(narrow ? open : undefined);

  const writes = writesFrom(mail, account.id);
  const toolbar = <Toolbar buttons={buttons} others={others} onBack={open !== undefined && selected.size === 0 ? () => show(undefined) : undefined} />;
  const title = folder ? folderName(folder) : t.search;
  const label = route.scope === "everywhere" ? t.allMailboxes : account.name;
  useEffect(() => {
    document.title = t.pageTitle(title, label);
  }, [title, label]);
  return (
    <div className={`two ${open ? "reading" : ""}`}>
      <section className="list-pane" aria-label={title}>
        {route.search === undefined && mail.work.isIn(account.id) && <AlarmBanner accountId={account.id} />}
        {folder?.role === "inbox" && mail.work.isIn(account.id) && <CheckBanner accountId={account.id} />}
        <ListHead {...{ label, folder, title, list, listing, selected, setSelected }} />
        {folder?.role === "inbox" && mail.work.isIn(account.id) && <ViewTabs accountId={account.id} />}
        {selected.size > 0 && toolbar}
        {selected.size > 0 && handling && (
          <div className="toolbar">
            <WorkTools handling={handling} />
          </div>
        )}
        {route.search !== undefined && <Scope route={route} folders={folders.get(account.id) ?? noFolders} />}
        {unclear.length > 0 && <p className="notice list-note">{t.unclear(unclear.join(" "))}</p>}
        <ListView
          list={list}
          label={`${title}, ${label}`}
          folder={folder}
          open={open}
          selected={selected}
          onSelect={setSelected}
          empty={list.asked.view ? t.emptyViews[list.asked.view] : folder ? (folder.role === "inbox" ? t.emptyInbox : t.empty) : t.emptySearch}
          words={words}
          placeOf={placeOfRow}
          onOpen={openRow}
          onNear={ahead}
          onMenu={(r, place) => setAbove({ what: "menu", rows: around(r), at: place })}
          toolsOf={(r) => <RowTools commands={bind(atOnce, [deskOf([r])])} />}
          onDrag={(r) => hold(r ? desksOf(around(r)) : [])}
        />
      </section>
      <section className="reading-pane" aria-label={t.open} tabIndex={-1}>
        {open ? (
          <ConversationView
            accountId={account.id}
            thread={open}
            toolbar={selected.size ? null : <>{toolbar}{handling && <WorkBar handling={handling} />}</>}
            onSeen={seen}
            onMailto={(asked) => void (writes !== undefined && writeTo(mail, writes, asked))}
            onReply={(letter, kind) => void answer(mail, account.id, letter, kind, editable)}
            onFile={(letter) => setAbove({ what: "record", letter })}
            header={conversation && selected.size === 0 && <Elsewhere chosen={deskOf([rowOf(conversation)].filter((r) => r !== undefined))} />}
            footer={() => handling && <Notes accountId={account.id} threadId={open} />}
          />
        ) : (
          <p className="list-says">{t.nothingOpen}</p>
        )}
      </section>
      {handOverDialog}
      {above?.what === "menu" && <Menu label={t.actions} anchor={above.at} entries={entries} onClose={() => setAbove(undefined)} />}
      {above?.what === "folders" && <MoveMenu chosen={desksOf(above.rows)} anchor={above.at} onClose={() => setAbove(undefined)} />}
      {above?.what === "record" && <RecordDialog accountId={account.id} letter={above.letter} onClose={() => setAbove(undefined)} />}
      {above?.what === "keys" && <KeySheet desk={desk} onClose={() => setAbove(undefined)} />}
    </div>
  );
}

/** A conversation as a line of a list. */
function rowOf({ accountId, letters }: Pick<Conversation, "accountId"> & { letters: readonly Letter[] }): Row | undefined {
  const email = letters.at(-1);
  return email && { accountId, email, thread: [...letters] };
}

/** Where list and letter take turns on the screen, the focus goes to the letter that opened, and back to the line that it came from. */
function useFocusFollows(open: ThreadId | undefined) {
  const before = useRef(open);
  useEffect(() => {
    if (open === before.current) return;
    before.current = open;
    document.querySelector<HTMLElement>(open ? ".reading-pane" : ".list [tabindex='0']")?.focus({ preventScroll: true });
  }, [open]);
}

/** Where something is on the screen; the middle where it is not. */
function placeOnScreen(selector: string): Anchor {
  return document.querySelector(selector)?.getBoundingClientRect() ?? { x: innerWidth / 2 - 160, y: 120, width: 0, height: 0 };
}

/** The line that has the focus. */
function focusedRow(rows: readonly (Row | undefined)[]): Row | undefined {
  const line = document.activeElement?.closest<HTMLElement>("[data-index]");
  return line ? rows[Number(line.dataset.index)] : undefined;
}
