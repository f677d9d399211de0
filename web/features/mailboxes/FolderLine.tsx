import { useState } from "react";
import { empty } from "../../actions/folders.js";
import { folderName } from "../../actions/names.js";
import { t } from "../../locales/text.js";
import type { Mailbox } from "../../jmap/client.js";
import { countOf, withRole, type Folder } from "../../model/folders.js";
import type { MailAccount } from "../../model/mailboxes.js";
import { go, useRoute, write, type Route } from "../../store/route.js";
import { Button } from "../../ui/Button.js";
import { Menu, type MenuEntry } from "../../ui/Menu.js";
import { useMail } from "../../ui/mail.js";
import type { Anchor } from "../../ui/Popover.js";
import { DeleteDialog, FolderDialog } from "./FolderDialog.js";
import { useDrop } from "./useDrop.js";

interface Props {
  account: MailAccount;
  folders: readonly Mailbox[];
  folder: Folder;
  onChosen?: () => void;
}

/** A folder: a link to its list, which takes what is dragged onto it, and a menu of what can be done with it. */
export function FolderLine({ account, folders, folder, onChosen }: Props) {
  const route = useRoute();
  const to: Route = { accountId: account.id, folder: folder.id };
  const here = route.accountId === account.id && route.folder === folder.id;
  const count = countOf(folder);
  const drop = useDrop({ account, folder });
  const [menu, setMenu] = useState<Anchor>();
  const [dialog, setDialog] = useState<"new" | "change" | "delete">();
  const entries = useFolderEntries(account, folder, setDialog);
  const name = folderName(folder);
  const deleted = () => {
    const inbox = withRole(folders, "inbox");
    if (here) go({ accountId: account.id, ...(inbox && { folder: inbox.id }) }, true);
    requestAnimationFrame(() => document.querySelector<HTMLElement>(".folder[aria-current=page]")?.focus()); // the line that had it is gone
  };
  return (
    <li className={`folder-line ${drop.over ? "over" : ""}`} {...drop.on}>
      <a
        className="folder"
        href={write(to)}
        draggable={false}
        aria-current={here ? "page" : undefined}
        style={{ paddingInlineStart: 12 + 14 * Math.min(folder.depth, 6) }}
        onClick={(e) => {
          if (e.ctrlKey || e.metaKey || e.shiftKey) return;
          e.preventDefault();
          go(to);
          onChosen?.();
        }}
        onContextMenu={(e) => {
          if (entries.length === 0) return;
          e.preventDefault();
          const box = e.currentTarget.getBoundingClientRect();
          setMenu(e.button === 2 ? { x: e.clientX, y: e.clientY, width: 0, height: 0 } : box);
        }}
      >
        <span className="folder-name">{name}</span>
        {count > 0 && (
          <span className="count">
            <span aria-hidden="true">{count}</span>
            <span className="hidden">{folder.role === "drafts" || folder.role === "scheduled" ? t.letters(count) : t.unread(count)}</span>
          </span>
        )}
      </a>
      {entries.length > 0 && (
        <Button className="folder-more" label={t.folderActions(name)} icon="more" bare kind="plain" aria-haspopup="menu" aria-expanded={menu !== undefined} onClick={(e) => setMenu(menu ? undefined : e.currentTarget.getBoundingClientRect())} />
      )}
      {menu && <Menu label={t.folderActions(name)} anchor={menu} entries={entries} onClose={() => setMenu(undefined)} />}
      {dialog === "new" && <FolderDialog account={account} folders={folders} parent={folder.id} onDone={() => setDialog(undefined)} />}
      {dialog === "change" && <FolderDialog account={account} folders={folders} folder={folder} onDone={() => setDialog(undefined)} />}
      {dialog === "delete" && <DeleteDialog account={account} folder={folder} onDone={(done) => (setDialog(undefined), done && deleted())} />}
    </li>
  );
}

/** What the service lets somebody do with a folder. */
function useFolderEntries(account: MailAccount, folder: Folder, open: (dialog: "new" | "change" | "delete") => void): MenuEntry[] {
  const mail = useMail();
  const { mayCreateChild, mayRename, mayDelete, mayRemoveItems } = folder.myRights;
  const isBin = folder.role === "trash" || folder.role === "junk";
  const all: (MenuEntry | false)[] = [
    isBin && mayRemoveItems && folder.totalEmails > 0 && { id: "empty", icon: "remove", label: t.emptyFolder(folderName(folder)), run: () => void empty(mail, account.id, folder) },
    mayCreateChild && !isBin && { id: "new", icon: "folder", label: t.newFolderIn, run: () => open("new") },
    mayRename && { id: "change", icon: "write", label: t.renameFolder, run: () => open("change") },
    mayDelete && { id: "delete", icon: "remove", label: t.deleteFolder, run: () => open("delete") },
  ];
  return all.filter((e) => e !== false);
}
