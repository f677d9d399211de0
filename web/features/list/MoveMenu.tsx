import { useQueries } from "@tanstack/react-query";
import { folderName } from "../../actions/names.js";
import { mayPut, put, type Place } from "../../actions/move.js";
import type { Chosen } from "../../actions/letters.js";
import type { Mailbox } from "../../jmap/client.js";
import { t } from "../../locales/text.js";
import { foldersOf, pathOf, type Folder } from "../../model/folders.js";
import { mailAccounts } from "../../model/mailboxes.js";
import { Picker } from "../../ui/Picker.js";
import type { Anchor } from "../../ui/Popover.js";
import { useMail, useSession } from "../../ui/mail.js";

interface Props {
  chosen: Chosen;
  anchor: Anchor;
  onClose: () => void;
}

/** The folders to which what is chosen can go: those of its mailbox first, then those of the others. */
export function MoveMenu({ chosen, anchor, onClose }: Props) {
  const mail = useMail();
  const accounts = mailAccounts(useSession()).sort((a, b) => Number(b.id === chosen.accountId) - Number(a.id === chosen.accountId));
  const folders = useQueries({ queries: accounts.map((a) => mail.folders(a.id)) });
  const places = new Map<string, Place>();
  const choices = accounts.flatMap((account, i) => {
    const all = folders[i]?.data ?? [];
    return likelyFirst(all).flatMap((folder) => {
      const place = { account, folder };
      if (!mayPut(chosen, place)) return [];
      const id = `${account.id} ${folder.id}`;
      places.set(id, place);
      const within = pathOf(all, folder).slice(0, -1).map(folderName).join("/");
      return [{ id, label: folderName(folder), depth: folder.depth, ...(within && { within }), ...(accounts.length > 1 && { group: account.name }) }];
    });
  });
  const choose = (id: string) => {
    const place = places.get(id);
    if (place) void put(chosen, place);
  };
  return <Picker label={t.move} hint={t.moveHint} nothing={t.noFolderLike} anchor={anchor} choices={choices} onChoose={choose} onClose={onClose} />;
}

const seldom = ["inbox", "junk", "trash", "sent", "drafts"];

/** People file letters into folders that they made, or in Archive; hardly ever in Drafts. */
function likelyFirst(all: readonly Mailbox[]): Folder[] {
  const rank = (f: Folder) => seldom.indexOf(pathOf(all, f)[0]?.role ?? "");
  return foldersOf(all).sort((a, b) => rank(a) - rank(b));
}
