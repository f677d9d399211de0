import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { archive, junk, letterCommands, markRead, remove, toggleFlag, toggleRead, type Chosen } from "../../actions/letters.js";
import { isTyping, keyOf } from "../../actions/command.js";
import { folderName } from "../../actions/names.js";
import { answer, goOnWriting } from "../../actions/writing.js";
import { t } from "../../locales/text.js";
import type { Mailbox, ThreadId } from "../../jmap/client.js";
import type { MailAccount } from "../../model/mailboxes.js";
import { threadOf, within, type Row } from "../../model/row.js";
import { searchOf } from "../../model/search.js";
import type { Letter } from "../../store/letters.js";
import { go, useRoute } from "../../store/route.js";
import { Button } from "../../ui/Button.js";
import type { IconName } from "../../ui/Icon.js";
import { useMail } from "../../ui/mail.js";
import { ConversationView } from "../reading/ConversationView.js";
import { editable } from "../compose/editable.js";
import { WriteButton } from "../compose/WriteButton.js";
import { ListView } from "./ListView.js";
import "./desk.css";

const icons: Record<string, IconName> = { [archive.id]: "archive", [remove.id]: "remove", [junk.id]: "junk", [toggleRead.id]: "read", [toggleFlag.id]: "flag" };
const noFolders: Mailbox[] = [];

/** The list of a folder, or of what a search found, and what is open of it. */
export function Desk({ account }: { account: MailAccount }) {
  const mail = useMail();
  const route = useRoute();
  const { data: folders = noFolders } = useQuery(mail.folders(account.id));
  const folder = folders.find((f) => f.id === route.folder);
  const search = useMemo(() => (route.search === undefined ? undefined : searchOf(route.search, folders, new Date())), [route.search, folders]);
  const list = useMemo(() => {
    if (search) return mail.list({ accountId: account.id, filter: search.filter });
    return folder && mail.list({ accountId: account.id, filter: { inMailbox: folder.id }, folder: folder.id });
  }, [mail, account.id, folder?.id, search]); // eslint-disable-line -- the folder's counts change, and the list stays
  const [selected, setSelected] = useState<ReadonlySet<ThreadId>>(new Set());
  useEffect(() => setSelected(new Set()), [list]);

  if (!list) return <p className="list-says">{folders.length ? t.gone : t.loading}</p>;
  return <Two key={route.folder ?? "search"} {...{ account, folders, folder, list, selected, setSelected, words: search?.words ?? [], unclear: search?.unclear ?? [] }} />;
}

interface TwoProps {
  account: MailAccount;
  folders: readonly Mailbox[];
  folder: Mailbox | undefined;
  list: ReturnType<ReturnType<typeof useMail>["list"]>;
  selected: ReadonlySet<ThreadId>;
  setSelected: (s: ReadonlySet<ThreadId>) => void;
  words: readonly string[];
  unclear: readonly string[];
}

function Two({ account, folders, folder, list, selected, setSelected, words, unclear }: TwoProps) {
  const mail = useMail();
  const route = useRoute();
  const listing = useSyncExternalStore(list.watch, list.snapshot);
  const open = route.thread;
  const known = listing.rows.filter((r): r is Row => r !== undefined);
  const chosen = known.filter((r) => (selected.size ? selected.has(threadOf(r)) : threadOf(r) === open));
  const at = open === undefined ? -1 : list.indexOf(open);

  const show = useCallback((thread: ThreadId | undefined, replace = false) => {
    const { thread: _, ...rest } = route;
    go(thread ? { ...rest, thread } : rest, replace);
  }, [route]);
  const step = (by: number) => {
    const row = listing.rows[at + by];
    if (row) show(threadOf(row), open !== undefined);
  };
  const context: Chosen = {
    mail,
    accountId: account.id,
    folders,
    folder,
    rows: chosen,
    leave: () => {
      if (open !== undefined && chosen.some((r) => threadOf(r) === open)) {
        const next = listing.rows.slice(at + 1).find((r) => r && !chosen.includes(r)) ?? listing.rows.slice(0, Math.max(at, 0)).findLast((r) => r && !chosen.includes(r));
        show(next && threadOf(next), true);
      }
      setSelected(new Set());
    },
  };

  useEffect(() => {
    const onKey = (e: KeyboardEvent) => {
      if (e.defaultPrevented || isTyping(e.target) || document.querySelector("[role=dialog]")) return;
      const key = keyOf(e);
      const command = letterCommands.find((c) => c.keys?.includes(key));
      if (command?.may(context)) void command.run(context);
      else if (key === "j") step(1);
      else if (key === "k") step(-1);
      else if (key === "Escape" && selected.size) setSelected(new Set());
      else if ((key === "Escape" || key === "u") && open !== undefined) show(undefined);
      else return;
      e.preventDefault();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  });

  const seen = useCallback((letters: readonly Letter[]) => {
    const row = known.find((r) => threadOf(r) === letters[0]?.threadId);
    const rows = row ? [row] : [{ accountId: account.id, email: letters[0], thread: letters } as unknown as Row];
    if (!account.isReadOnly) void markRead({ ...context, rows }, true);
  }, [account.id, open]); // eslint-disable-line -- when another one is opened, and not when its marks change

  const toolbar = (
    <div className="toolbar" role="toolbar" aria-label={t.more}>
      {open !== undefined && selected.size === 0 && <Button className="to-list" label={t.back} icon="back" bare kind="plain" onClick={() => show(undefined)} />}
      {letterCommands.map((c) => (
        <Button key={c.id} label={c.name(context)} icon={icons[c.id] as IconName} bare kind="plain" keys={c.keys} disabled={!c.may(context)} onClick={() => void c.run(context)} />
      ))}
    </div>
  );
  const title = folder ? folderName(folder) : t.search;
  return (
    <div className={`two ${open ? "reading" : ""}`}>
      <section className="list-pane" aria-label={title}>
        <div className="list-head">
          <h1>
            {title}
            <small>{account.name}</small>
          </h1>
          {selected.size > 0 ? (
            <>
              <span>{t.selected(selected.size)}</span>
              <Button label={t.clearSelection} icon="close" bare kind="plain" onClick={() => setSelected(new Set())} />
            </>
          ) : (
            !folder && listing.total !== undefined && <span>{t.found(listing.total)}</span>
          )}
          {selected.size === 0 && <WriteButton accountId={account.id} />}
        </div>
        {selected.size > 0 && toolbar}
        {unclear.length > 0 && <p className="notice list-note">{t.unclear(unclear.join(" "))}</p>}
        <ListView
          list={list}
          label={`${title}, ${account.name}`}
          folder={folder}
          open={open}
          selection={{ threads: selected, set: setSelected }}
          empty={folder ? (folder.role === "inbox" ? t.emptyInbox : t.empty) : t.emptySearch}
          words={words}
          onOpen={(r) => (folder?.role === "drafts" && within(r, folder.id).length === 1 ? void goOnWriting(mail, account.id, r.email.id, editable) : show(threadOf(r)))}
        />
      </section>
      <section className="reading-pane" aria-label={t.open}>
        {open ? <ConversationView accountId={account.id} thread={open} toolbar={selected.size ? null : toolbar} onSeen={seen} onReply={(letter, kind) => void answer(mail, account.id, letter, kind, editable)} /> : <p className="list-says">{t.nothingOpen}</p>}
      </section>
    </div>
  );
}
