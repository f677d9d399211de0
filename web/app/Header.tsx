import { t } from "../locales/text.js";
import type { MailAccount } from "../model/mailboxes.js";
import { SearchField } from "../features/search/SearchField.js";
import { Button } from "../ui/Button.js";
import { useSession } from "../ui/mail.js";

interface Props {
  account: MailAccount | undefined;
  menuOpen: boolean;
  onMenu: () => void;
}

export function Header({ account, menuOpen, onMenu }: Props) {
  const session = useSession();
  return (
    <header className="header" inert={menuOpen}>
      <Button className="menu-button" label={t.menu} icon="menu" bare kind="plain" aria-expanded={menuOpen} aria-haspopup="dialog" onClick={onMenu} />
      <a className="brand" href="/mailboxes" aria-label={t.service}>
        <img src="/assets/haven.svg" alt="" width="26" height="26" />
        <span>{t.service}</span>
      </a>
      {account ? <SearchField account={account} /> : <span className="search" />}
      <span className="whose" title={t.whose(session.username)}>
        {session.username}
      </span>
      <a className="header-link" href="/account">
        {t.account}
      </a>
    </header>
  );
}
