import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { t } from "../../locales/text.js";
import { foldersOf } from "../../model/folders.js";
import { colourOf, mailAccounts, type MailAccount } from "../../model/mailboxes.js";
import { go, useRoute, write } from "../../store/route.js";
import { Button } from "../../ui/Button.js";
import { Icon } from "../../ui/Icon.js";
import { useMail, useSession } from "../../ui/mail.js";
import { FolderDialog } from "./FolderDialog.js";
import { FolderLine } from "./FolderLine.js";
import { Quota } from "./Quota.js";
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
  const { data, error } = useQuery(mail.folders(account.id));
  const [makes, setMakes] = useState(false);
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
      {error && !data && <p className="sidebar-says">{t.foldersMissing}</p>}
      <ul className="folders">
        {data && foldersOf(data).map((f) => <FolderLine key={f.id} account={account} folders={data} folder={f} {...(onChosen && { onChosen })} />)}
        {mail.work.of(account.id)?.maySeeReport && <WeekLine account={account} {...(onChosen && { onChosen })} />}
      </ul>
      {data && account.accountCapabilities["urn:ietf:params:jmap:mail"]?.mayCreateTopLevelMailbox && (
        <Button className="folder-new" kind="plain" icon="plus" label={t.newFolder} onClick={() => setMakes(true)} />
      )}
      {makes && data && <FolderDialog account={account} folders={data} onDone={() => setMakes(false)} />}
      <Quota accountId={account.id} />
    </section>
  );
}

/** The way to what became of the mailbox in a week. */
function WeekLine({ account, onChosen }: { account: MailAccount; onChosen?: () => void }) {
  const route = useRoute();
  const to = { accountId: account.id, week: "" };
  const isHere = route.accountId === account.id && route.week !== undefined;
  return (
    <li className="folder-line">
      <a
        className="folder"
        style={{ paddingInlineStart: 12 }}
        href={write(to)}
        aria-current={isHere ? "page" : undefined}
        onClick={(e) => {
          if (e.ctrlKey || e.metaKey || e.shiftKey) return;
          e.preventDefault();
          go(to);
          onChosen?.();
        }}
      >
        <span className="folder-name">{t.week}</span>
      </a>
    </li>
  );
}
