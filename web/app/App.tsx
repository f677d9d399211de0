import { useEffect, useState, useSyncExternalStore } from "react";
import { t } from "../locales/text.js";
import { colourOf, firstAccount, mailAccounts } from "../model/mailboxes.js";
import { withRole } from "../model/folders.js";
import { go, useRoute } from "../store/route.js";
import { Compose } from "../features/compose/Compose.js";
import { Drawer } from "../features/mailboxes/Drawer.js";
import { Desk } from "../features/list/Desk.js";
import { Questions } from "../ui/Questions.js";
import { onLeave } from "../store/leaving.js";
import { useMail, useSession } from "../ui/mail.js";
import { Settings } from "../features/settings/lazy.js";
import { useMedia } from "../ui/useMedia.js";
import { Banners } from "./Banners.js";
import { Header } from "./Header.js";
import { leaveAfter } from "./session.js";
import { Toasts } from "./Toasts.js";

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

  useEffect(() => onLeave(() => mail.drafts.flush(true)), [mail]);

  // The page begins at the Inbox of the premises, and goes there from a mailbox that ended.
  useEffect(() => {
    const to = account ?? first;
    if (!to || (account && (route.folder !== undefined || route.search !== undefined || route.settings !== undefined))) return;
    let wanted = true;
    void mail.cache.fetchQuery(mail.folders(to.id)).then((folders) => {
      const inbox = withRole(folders, "inbox") ?? folders[0];
      if (wanted && inbox) go({ accountId: to.id, folder: inbox.id }, true);
    });
    return () => {
      wanted = false;
    };
  }, [mail, account, first, route.folder, route.search, route.settings]);

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
          account && (route.settings ? <Settings account={account} page={route.settings} /> : <Desk account={account} key={route.scope ?? account.id} />)
        )}
        <Compose />
      </main>
      <Toasts undo={mail.undo} />
      <Questions />
    </div>
  );
}
