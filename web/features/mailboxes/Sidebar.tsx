import { useQuery } from "@tanstack/react-query";
import { folderName } from "../../actions/names.js";
import { t } from "../../locales/text.js";
import { countOf, foldersOf, type Folder } from "../../model/folders.js";
import { colourOf, mailAccounts, type MailAccount } from "../../model/mailboxes.js";
import { go, useRoute, write, type Route } from "../../store/route.js";
import { Icon } from "../../ui/Icon.js";
import { useMail, useSession } from "../../ui/mail.js";
import { useDrop } from "./useDrop.js";
import "./sidebar.css";

/** All mailboxes of the person with their folders. */
export function Sidebar({ onChosen }: { onChosen?: () => void }) {
  const session = useSession();
  return (
    <nav className="sidebar" aria-label={t.mailboxes}>
      {mailAccounts(session).map((a) => (
        <MailboxFolders key={a.id} account={a} {...(onChosen && { onChosen })} />
      ))}
    </nav>
  );
}

function MailboxFolders({ account, onChosen }: { account: MailAccount; onChosen?: () => void }) {
  const mail = useMail();
  const { data } = useQuery(mail.folders(account.id));
  const heading = `mailbox-${account.id}`;
  return (
    <section className="mailbox" style={{ "--mailbox": colourOf(account) } as React.CSSProperties} aria-labelledby={heading}>
      <h2 id={heading} className="mailbox-name">
        <Icon name={account.isPersonal ? "person" : "shop"} />
        <span>
          {account.name}
          <small>{account.isReadOnly ? t.readOnly : account.isPersonal ? t.own : t.shared}</small>
        </span>
      </h2>
      <ul className="folders">
        {data && foldersOf(data).map((f) => <FolderLink key={f.id} account={account} folder={f} {...(onChosen && { onChosen })} />)}
      </ul>
    </section>
  );
}

function FolderLink({ account, folder, onChosen }: { account: MailAccount; folder: Folder; onChosen?: () => void }) {
  const route = useRoute();
  const to: Route = { accountId: account.id, folder: folder.id };
  const here = route.accountId === account.id && route.folder === folder.id;
  const count = countOf(folder);
  const drop = useDrop({ account, folder });
  return (
    <li>
      <a
        className={`folder ${drop.over ? "over" : ""}`}
        href={write(to)}
        draggable={false}
        aria-current={here ? "page" : undefined}
        style={{ paddingInlineStart: 12 + 14 * folder.depth }}
        onClick={(e) => {
          if (e.ctrlKey || e.metaKey || e.shiftKey) return;
          e.preventDefault();
          go(to);
          onChosen?.();
        }}
        {...drop.on}
      >
        <span className="folder-name">{folderName(folder)}</span>
        {count > 0 && (
          <span className="count">
            <span aria-hidden="true">{count}</span>
            <span className="hidden">{folder.role === "drafts" || folder.role === "scheduled" ? t.letters(count) : t.unread(count)}</span>
          </span>
        )}
      </a>
    </li>
  );
}
