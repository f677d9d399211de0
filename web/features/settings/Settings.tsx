import { t } from "../../locales/text.js";
import type { MailAccount } from "../../model/mailboxes.js";
import { go, settingsPages, write, type SettingsPage } from "../../store/route.js";
import { ComputerPage } from "./ComputerPage.js";
import { FiltersPage } from "./FiltersPage.js";
import { NotificationsPage } from "./NotificationsPage.js";
import { ReplyPage } from "./ReplyPage.js";
import { SignaturePage } from "./SignaturePage.js";
import "./settings.css";

const pages = { reply: ReplyPage, filters: FiltersPage, signature: SignaturePage, notifications: NotificationsPage, computer: ComputerPage } as const;

/** What is chosen for this browser, whichever mailbox one looks at. */
const ofBrowser: ReadonlySet<SettingsPage> = new Set(["notifications", "computer"]);

/** What was chosen for one mailbox. */
export default function Settings({ account, page }: { account: MailAccount; page: SettingsPage }) {
  const Page = pages[page];
  return (
    <div className="sheet settings">
      <div className="sheet-column settings-column">
        <h1>
          {t.settings}
          <small>{ofBrowser.has(page) ? t.ofBrowser : account.name}</small>
        </h1>
        <nav aria-label={t.settings} className="settings-pages">
          {settingsPages.map((p) => {
            const to = { accountId: account.id, settings: p };
            return (
              <a key={p} href={write(to)} aria-current={p === page ? "page" : undefined} onClick={(e) => (e.preventDefault(), go(to))}>
                {t.settingsPages[p]}
              </a>
            );
          })}
        </nav>
        <Page key={account.id} account={account} />
      </div>
    </div>
  );
}
