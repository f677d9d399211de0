import { useEffect, useState, type FormEvent } from "react";
import { t } from "../locales/text.js";
import type { MailAccount } from "../model/mailboxes.js";
import { go, useRoute } from "../store/route.js";
import { Button } from "../ui/Button.js";
import { Icon } from "../ui/Icon.js";
import { useSession } from "../ui/mail.js";

interface Props {
  account: MailAccount | undefined;
  menuOpen: boolean;
  onMenu: () => void;
}

export function Header({ account, menuOpen, onMenu }: Props) {
  const session = useSession();
  return (
    <header className="header">
      <Button className="menu-button" label={t.menu} icon="menu" bare kind="plain" aria-expanded={menuOpen} onClick={onMenu} />
      <a className="brand" href="/mailboxes" aria-label={t.service}>
        <img src="/assets/haven.svg" alt="" width="26" height="26" />
        <span>{t.service}</span>
      </a>
      <Search account={account} />
      <span className="whose" title={t.whose(session.username)}>
        {session.username}
      </span>
      <a className="header-link" href="/account">
        {t.account}
      </a>
    </header>
  );
}

function Search({ account }: { account: MailAccount | undefined }) {
  const route = useRoute();
  const [text, setText] = useState(route.search ?? "");
  useEffect(() => setText(route.search ?? ""), [route.search]);
  if (!account) return <span className="search" />;
  const submit = (e: FormEvent) => {
    e.preventDefault();
    const search = text.trim();
    if (search) go({ accountId: account.id, search });
    else if (route.search !== undefined) go({ accountId: account.id });
  };
  return (
    <form className="search" role="search" onSubmit={submit}>
      <Icon name="search" />
      <input className="field" type="search" value={text} onChange={(e) => setText(e.target.value)} aria-label={t.searchIn(account.name)} placeholder={t.searchIn(account.name)} enterKeyHint="search" />
    </form>
  );
}
