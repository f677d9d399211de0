import { t } from "../locales/text.js";
import type { MailAccount } from "../model/mailboxes.js";
import { SearchField } from "../features/search/SearchField.js";
import { Button } from "../ui/Button.js";
import { AccountMenu } from "./AccountMenu.js";

interface Props {
  account: MailAccount | undefined;
  menuOpen: boolean;
  onMenu: () => void;
}

export function Header({ account, menuOpen, onMenu }: Props) {
  return (
    <header className="header" inert={menuOpen}>
      <Button className="menu-button" label={t.menu} icon="menu" bare kind="plain" aria-expanded={menuOpen} aria-haspopup="dialog" onClick={onMenu} />
      <a className="brand" href="/mailboxes" aria-label={t.service}>
        <img src="/assets/haven.svg" alt="" width="26" height="26" />
        <span>{t.service}</span>
      </a>
      {account ? <SearchField account={account} /> : <span className="search" />}
      <AccountMenu />
    </header>
  );
}
