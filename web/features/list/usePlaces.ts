import { useCallback, useMemo } from "react";
import { folderName } from "../../actions/names.js";
import type { AccountId, Mailbox } from "../../jmap/client.js";
import { colourOf, mailAccounts, shortOf } from "../../model/mailboxes.js";
import type { Row } from "../../model/row.js";
import type { MailList } from "../../store/list.js";
import { useSession } from "../../ui/mail.js";

/** Where a line of a search stands. */
export interface RowPlace {
  folder: string;
  /** Where all mailboxes are searched. */
  mailbox?: string;
  colour?: string;
}

/** Tells where a line stands; nothing in the list of a folder. */
export function usePlaces(list: MailList, folders: ReadonlyMap<AccountId, readonly Mailbox[]>, wanted: boolean) {
  const session = useSession();
  const known = useMemo(() => new WeakMap<Row, RowPlace>(), [session, list, folders]); // the same object for the same line, which is not drawn again then
  return useCallback(
    (row: Row): RowPlace | undefined => {
      if (list.asked.folder !== undefined || !wanted) return undefined;
      const before = known.get(row);
      if (before) return before;
      const at = folders.get(row.accountId)?.find((f) => row.email.mailboxIds[f.id]);
      const account = list.asked.everywhere && mailAccounts(session).find((a) => a.id === row.accountId);
      const place = { folder: at ? folderName(at) : "", ...(account && { mailbox: shortOf(account), colour: colourOf(account) }) };
      known.set(row, place);
      return place;
    },
    [session, list, folders, wanted, known],
  );
}
