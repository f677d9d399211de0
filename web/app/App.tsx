import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { tellRefused } from "../actions/waiting.js";
import type { Session } from "../jmap/client.js";
import { t } from "../locales/text.js";
import { colourOf, firstAccount, mailAccounts, type MailAccount } from "../model/mailboxes.js";
import { withRole } from "../model/folders.js";
import { go, useRoute, type Route } from "../store/route.js";
import { editable } from "../features/compose/editable.js";
import { Compose } from "../features/compose/Compose.js";
import { Drawer } from "../features/mailboxes/Drawer.js";
import { Desk } from "../features/list/Desk.js";
import { Questions } from "../ui/Questions.js";
import { onLeave } from "../store/leaving.js";
import { useMail, useSession } from "../ui/mail.js";
import { Settings } from "../features/settings/lazy.js";
import { Week } from "../features/week/lazy.js";
import { useMedia } from "../ui/useMedia.js";
import { Banners } from "./Banners.js";
import { Header } from "./Header.js";
import { leaveAfter } from "./session.js";
import { Toasts } from "./Toasts.js";

/** What the address leads to. */
function Place({ account, route }: { account: MailAccount; route: Route }) {
  if (route.settings) return <Settings account={account} page={route.settings} />;
  if (route.week !== undefined) return <Week account={account} week={route.week} />;
  return <Desk account={account} key={route.scope ?? account.id} />;
}

export function App() {
  const mail = useMail();
  const session = useSession();
  const route = useRoute();
  const [menu, setMenu] = useState(false);
  const density = useSyncExternalStore(mail.density.watch, mail.density.snapshot);
  const drawer = useMedia("(width < 1000px)") && menu;
  const accounts = mailAccounts(session);
  const account = accounts.find((a) => a.id === route.accountId);
  const first = firstAccount(accounts);

  useEffect(() => {
    const end = new AbortController();
    mail.follow(end.signal).catch((error: unknown) => {
      if (end.signal.aborted) return;
      leaveAfter(error);
    });
    return () => end.abort();
  }, [mail]);

  useEndedAccess(session);
  useEffect(() => mail.waiting.watch((refused) => tellRefused(mail, refused, editable)), [mail]);

  useEffect(() => onLeave(() => mail.drafts.flush(true)), [mail]);

  // The page begins at the Inbox of the premises, and goes there from a mailbox that ended.
  useEffect(() => {
    const to = account ?? first;
    if (!to || (account && (route.folder !== undefined || route.search !== undefined || route.settings !== undefined || route.week !== undefined))) return;
    let wanted = true;
    void mail.cache.fetchQuery(mail.folders(to.id)).then((folders) => {
      const inbox = withRole(folders, "inbox") ?? folders[0];
      if (wanted && inbox) go({ accountId: to.id, folder: inbox.id }, true);
    });
    return () => {
      wanted = false;
    };
  }, [mail, account, first, route.folder, route.search, route.settings, route.week]);

  return (
    <div data-density={density} className={`app ${drawer ? "menu-open" : ""}`} style={account && ({ "--mailbox": colourOf(account) } as React.CSSProperties)}>
      <a className="skip" href="#desk">
        {t.skip}
      </a>
      <Header account={account} onMenu={() => setMenu(true)} menuOpen={drawer} />
      <Banners account={account} />
      <Drawer isDrawer={drawer} onClose={() => setMenu(false)} />
      <main id="desk" className="desk" tabIndex={-1} inert={drawer}>
        {accounts.length === 0 ? (
          <p className="list-says">{t.noMailbox}</p>
        ) : (
          account && <Place account={account} route={route} />
        )}
        <Compose />
      </main>
      <Toasts undo={mail.undo} />
      <Questions />
    </div>
  );
}

/** Tells of mailboxes that a person may not open any more. */
function useEndedAccess(session: Session): void {
  const mail = useMail();
  const before = useRef(session);
  useEffect(() => {
    for (const a of mailAccounts(before.current)) if (!(a.id in session.accounts)) mail.undo.fail(t.accessEnded(a.name));
    before.current = session;
  }, [mail, session]);
}
