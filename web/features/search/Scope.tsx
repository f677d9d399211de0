import { folderName } from "../../actions/names.js";
import { t } from "../../locales/text.js";
import type { Mailbox } from "../../jmap/client.js";
import { mailAccounts } from "../../model/mailboxes.js";
import { go, type Route, type SearchScope } from "../../store/route.js";
import { useSession } from "../../ui/mail.js";
import "./search.css";

interface Props {
  route: Route;
  folders: readonly Mailbox[];
}

/** Where a search looks: in the folder that it began in, in the mailbox, or in all. */
export function Scope({ route, folders }: Props) {
  const several = mailAccounts(useSession()).length > 1;
  const folder = folders.find((f) => f.id === route.from);
  const scopes: [SearchScope | undefined, string][] = [
    ...(folder ? [["folder", folderName(folder)] as [SearchScope, string]] : []),
    [undefined, several ? t.thisMailbox : t.allFolders],
    ...(several ? [["everywhere", t.allMailboxes] as [SearchScope, string]] : []),
  ];
  const choose = (scope: SearchScope | undefined) => {
    const { thread: _, scope: __, ...rest } = route;
    go({ ...rest, ...(scope && { scope }) }, true);
  };
  if (scopes.length < 2) return null;
  return (
    <div className="scope" role="group" aria-label={t.searchWhere}>
      {scopes.map(([scope, label]) => (
        <button key={label} type="button" aria-pressed={route.scope === scope} onClick={() => choose(scope)}>
          {label}
        </button>
      ))}
    </div>
  );
}
