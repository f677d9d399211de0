import { Button as Trigger, Menu, MenuItem, MenuTrigger, Popover, Separator } from "react-aria-components";
import { t } from "../locales/text.js";
import { go, useRoute } from "../store/route.js";
import { Icon } from "../ui/Icon.js";
import { useSession } from "../ui/mail.js";
import { lock, logOut } from "./session.js";

/** Whose page it is, the pages about the account, and the ways out. */
export function AccountMenu() {
  const session = useSession();
  const { accountId } = useRoute();
  const choose = (key: React.Key) => {
    if (key === "settings") go({ ...(accountId && { accountId }), settings: "reply" });
    else if (key === "lock") void lock(session);
    else if (key === "log-out") void logOut(session);
    else location.assign(String(key));
  };
  return (
    <MenuTrigger>
      <Trigger className="button plain account-button" aria-label={t.whose(session.username)}>
        <Icon name="person" />
        <span className="whose">{session.username}</span>
      </Trigger>
      <Popover className="popover" placement="bottom end">
        <Menu onAction={choose} aria-label={t.account}>
          <MenuItem id="settings">{t.settings}</MenuItem>
          <MenuItem id="/account">{t.account}</MenuItem>
          <MenuItem id="/mailboxes">{t.aboutMailboxes}</MenuItem>
          <MenuItem id="/directory">{t.directory}</MenuItem>
          <Separator />
          <MenuItem id="lock">{t.lock}</MenuItem>
          <MenuItem id="/switch">{t.switchPerson}</MenuItem>
          <MenuItem id="log-out">{t.logOut}</MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
