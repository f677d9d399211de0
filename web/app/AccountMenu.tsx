import { useState } from "react";
import { t } from "../locales/text.js";
import { go, useRoute } from "../store/route.js";
import { Icon } from "../ui/Icon.js";
import { useMail, useSession } from "../ui/mail.js";
import { Menu, type MenuEntry } from "../ui/Menu.js";
import type { Anchor } from "../ui/Popover.js";
import { shut } from "./offline/shut.js";
import { lock, logOut } from "./session.js";

/** Whose page it is, the pages about the account, and the ways out. */
export function AccountMenu() {
  const mail = useMail();
  const session = useSession();
  const { accountId } = useRoute();
  const [at, setAt] = useState<Anchor>();
  const page = (path: string, label: string): MenuEntry => ({ id: path, label, run: () => location.assign(path) });
  const entries: MenuEntry[] = [
    { id: "settings", label: t.settings, run: () => go({ ...(accountId && { accountId }), settings: "reply" }) },
    page("/account", t.account),
    page("/mailboxes", t.aboutMailboxes),
    page("/directory", t.directory),
    { id: "lock", label: t.lock, apart: true, run: () => void lock(session) },
    page("/switch", t.switchPerson),
    { id: "log-out", label: t.logOut, run: () => void logOut(session) },
  ];
  const alone: MenuEntry[] = [ // without the service
    { id: "lock", label: t.lock, run: shut },
    { id: "log-out", label: t.logOut, run: () => void endVisit() },
  ];
  const endVisit = async () => {
    const { waits = 0 } = mail.visit?.snapshot() ?? {};
    const asks = { title: t.offlineLogOut, text: t.offlineLogOutText(waits), yes: t.logOut, grave: true };
    if (waits === 0 || (await mail.questions.ask(asks))) await logOut(session);
  };
  return (
    <>
      <button
        type="button"
        className="button plain account-button"
        aria-label={t.whose(session.username)}
        aria-haspopup="menu"
        aria-expanded={at !== undefined}
        onClick={(e) => setAt(at ? undefined : e.currentTarget.getBoundingClientRect())}
      >
        <Icon name="person" />
        <span className="whose">{session.username}</span>
      </button>
      {at && <Menu label={t.account} anchor={at} entries={mail.visit ? alone : entries} onClose={() => setAt(undefined)} />}
    </>
  );
}
