import { useQueries } from "@tanstack/react-query";
import { folderName } from "../../actions/names.js";
import { mayPut, put, type Place } from "../../actions/move.js";
import type { Chosen } from "../../actions/letters.js";
import type { AccountId, Mailbox } from "../../jmap/client.js";
import { t } from "../../locales/text.js";
import { foldersOf, pathOf, type Folder } from "../../model/folders.js";
import { mailAccounts } from "../../model/mailboxes.js";
import { Picker } from "../../ui/Picker.js";
import type { Anchor } from "../../ui/Popover.js";
import { useMail, useSession } from "../../ui/mail.js";

interface Props {
  /** What is to be moved, for each mailbox that it is in. */
  chosen: readonly Chosen[];
  anchor: Anchor;
  onClose: () => void;
}

/** The folders to which what is chosen can go: those of its mailbox first, then those of the others. */
export function MoveMenu({ chosen, anchor, onClose }: Props) {
  const mail = useMail();
  const isFrom = (id: AccountId) => chosen.some((c) => c.accountId === id);
  const accounts = mailAccounts(useSession()).sort((a, b) => Number(isFrom(b.id)) - Number(isFrom(a.id)));
  const folders = useQueries({ queries: accounts.map((a) => mail.folders(a.id)) });
  const places = new Map<string, Place>();
  const choices = accounts.flatMap((account, i) => {
    const all = folders[i]?.data ?? [];
    return likelyFirst(all).flatMap((folder) => {
      const place = { account, folder };
      if (!chosen.every((c) => mayPut(c, place))) return [];
      const id = `${account.id} ${folder.id}`;
      places.set(id, place);
      const within = pathOf(all, folder).slice(0, -1).map(folderName).join("/");
      return [{ id, label: folderName(folder), depth: folder.depth, ...(within && { within }), ...(accounts.length > 1 && { group: account.name }) }];
    });
  });
  const choose = async (id: string) => {
    const place = places.get(id);
    if (place) for (const c of chosen) await put(c, place); // one question after the other
  };
  return <Picker label={t.move} hint={t.moveHint} nothing={t.noFolderLike} anchor={anchor} choices={choices} onChoose={(id) => void choose(id)} onClose={onClose} />;
}

const seldom = ["inbox", "junk", "trash", "sent", "drafts"];

/** People file letters into folders that they made, or in Archive; hardly ever in Drafts. */
function likelyFirst(all: readonly Mailbox[]): Folder[] {
  const rank = (f: Folder) => seldom.indexOf(pathOf(all, f)[0]?.role ?? "");
  return foldersOf(all).sort((a, b) => rank(a) - rank(b));
}
