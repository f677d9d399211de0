import { moveTo, type Chosen } from "../../actions/letters.js";
import { folderName } from "../../actions/names.js";
import { t } from "../../locales/text.js";
import { Button } from "../../ui/Button.js";

/** Says of a conversation that is read in a folder that somebody moved or deleted it meanwhile, and moves it back. */
export function Elsewhere({ chosen }: { chosen: Chosen }) {
  const { folder, folders, rows } = chosen;
  const letters = rows.flatMap((r) => r.thread);
  if (!folder || letters.length === 0 || letters.some((l) => folder.id in l.mailboxIds)) return null;
  const places = folders.filter((f) => !["sent", "drafts", "scheduled"].includes(f.role ?? "") && letters.some((l) => f.id in l.mailboxIds));
  const [place] = places;
  const mayMove = places.length === 1 && place?.myRights.mayRemoveItems && folder.myRights.mayAddItems;
  const back = { ...chosen, folder: place, leave: () => {} };
  return (
    <div className="notice conversation-note" role="status">
      <p>{t.isElsewhere(folderName(folder), places.map(folderName))}</p>
      {mayMove && <Button label={t.moveBack(folderName(folder))} onClick={() => void moveTo(back, folder, t.moved(rows.length, folderName(folder)))} />}
    </div>
  );
}
