import { useState } from "react";
import { sureToLeave } from "../actions/waiting.js";
import type { AccountId, Mailbox, MailboxId } from "../jmap/client.js";
import { t } from "../locales/text.js";
import { withRole } from "../model/folders.js";
import { mailAccounts, type MailAccount } from "../model/mailboxes.js";
import type { Mail } from "../store/mail.js";
import { go, useRoute } from "../store/route.js";
import { Icon } from "../ui/Icon.js";
import { useMail, useSession } from "../ui/mail.js";
import { Menu, type MenuEntry } from "../ui/Menu.js";
import type { Anchor } from "../ui/Popover.js";
import { shut } from "./offline/shut.js";
import { sureToLose } from "./offline/sure.js";
import { lock, logOut } from "./session.js";

/** Whose page it is, the pages about the account, and the ways out. */
export function AccountMenu() {
  const mail = useMail();
  const session = useSession();
  const { accountId } = useRoute();
  const [at, setAt] = useState<Anchor>();
  const waits = at ? waitingOf(mail, mailAccounts(session)) : [];
  const leaving = async (yes: string, go: () => void) => {
    if (await sureToLeave(mail, yes)) go();
  };
  const ending = async (yes: string, go: () => void) => {
    if (await sureToLose(mail, yes)) await leaving(yes, go);
  };
  const out = async () => {
    if (await sureToLose(mail, t.logOut)) await logOut(session);
  };
  const page = (path: string, label: string): MenuEntry => ({ id: path, label, run: () => location.assign(path) });
  const entries: MenuEntry[] = [
    { id: "settings", label: t.settings, run: () => go({ ...(accountId && { accountId }), settings: "reply" }) },
    page("/account", t.account),
    page("/mailboxes", t.aboutMailboxes),
    page("/directory", t.directory),
    ...waits.map(({ accountId: at, folder, n }) => ({ id: `waits ${at}`, label: t.waitIn(n, session.accounts[at]?.name ?? ""), icon: "clock" as const, apart: at === waits[0]?.accountId, run: () => go({ accountId: at, folder }) })),
    { id: "lock", label: t.lock, apart: true, run: () => void leaving(t.lock, () => lock(session)) },
    { id: "/switch", label: t.switchPerson, run: () => void ending(t.switchYes, () => location.assign("/switch")) },
    { id: "log-out", label: t.logOut, run: () => void ending(t.logOut, () => logOut(session)) },
  ];
  const alone: MenuEntry[] = [ // without the service
    { id: "lock", label: t.lock, run: shut },
    { id: "log-out", label: t.logOut, run: () => void out() },
  ];
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

/** The mailboxes in which letters wait in Scheduled, as far as their folders are known here. */
function waitingOf(mail: Mail, accounts: readonly MailAccount[]): { accountId: AccountId; folder: MailboxId; n: number }[] {
  return accounts.flatMap(({ id }) => {
    const folder = withRole(mail.cache.getQueryData<Mailbox[]>(mail.folders(id).queryKey) ?? [], "scheduled");
    return folder && folder.totalEmails > 0 ? [{ accountId: id, folder: folder.id, n: folder.totalEmails }] : [];
  });
}
