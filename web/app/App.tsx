import { useEffect, useState } from "react";
import { t } from "../locales/text.js";
import { RequestError } from "../jmap/client.js";
import { colourOf, mailAccounts } from "../model/mailboxes.js";
import { withRole } from "../model/folders.js";
import { go, useRoute } from "../store/route.js";
import { Sidebar } from "../features/mailboxes/Sidebar.js";
import { Compose } from "../features/compose/Compose.js";
import { Desk } from "../features/list/Desk.js";
import { useMail, useSession } from "../ui/mail.js";
import { Header } from "./Header.js";
import { leave, onLeave } from "./session.js";
import { Toasts } from "./Toasts.js";

export function App() {
  const mail = useMail();
  const session = useSession();
  const route = useRoute();
  const [menu, setMenu] = useState(false);
  const [offline, setOffline] = useState(false);
  const accounts = mailAccounts(session);
  const account = accounts.find((a) => a.id === route.accountId);
  const first = accounts.find((a) => !a.isPersonal) ?? accounts[0];

  useEffect(() => {
    const end = new AbortController();
    mail.follow(end.signal).catch((error: unknown) => {
      if (end.signal.aborted) return;
      if (error instanceof RequestError && error.status < 500) leave();
      else setOffline(true);
    });
    const set = () => setOffline(!navigator.onLine);
    addEventListener("online", set);
    addEventListener("offline", set);
    return () => {
      end.abort();
      removeEventListener("online", set);
      removeEventListener("offline", set);
    };
  }, [mail]);

  useEffect(() => onLeave(() => mail.drafts.flush()), [mail]);

  // The page begins at the Inbox of the premises, and goes there from a mailbox that ended.
  useEffect(() => {
    const to = account ?? first;
    if (!to || (account && (route.folder !== undefined || route.search !== undefined))) return;
    let wanted = true;
    void mail.cache.fetchQuery(mail.folders(to.id)).then((folders) => {
      const inbox = withRole(folders, "inbox") ?? folders[0];
      if (wanted && inbox) go({ accountId: to.id, folder: inbox.id }, true);
    });
    return () => {
      wanted = false;
    };
  }, [mail, account, first, route.folder, route.search]);

  return (
    <div className={`app ${menu ? "menu-open" : ""}`} style={account && ({ "--mailbox": colourOf(account) } as React.CSSProperties)}>
      <a className="skip" href="#desk">
        {t.skip}
      </a>
      <Header account={account} onMenu={() => setMenu(!menu)} menuOpen={menu} />
      {offline && (
        <p className="banner" role="status">
          {t.offline}
        </p>
      )}
      <div className="side">
        <Sidebar onChosen={() => setMenu(false)} />
      </div>
      <main id="desk" className="desk" tabIndex={-1}>
        {accounts.length === 0 ? <p className="list-says">{t.noMailbox}</p> : account && <Desk account={account} key={account.id} />}
        <Compose />
      </main>
      <Toasts undo={mail.undo} />
    </div>
  );
}
