// What can be done with folders. Each throws SetFailed where the service refuses, which a dialog shows; what was done has a way back.

import { SetFailed, type AccountId, type EmailId, type Mailbox, type MailboxId } from "../jmap/client.js";
import { withRole } from "../model/folders.js";
import type { InThread } from "../model/row.js";
import { tell } from "../store/edits.js";
import { addFolder, changeFolder, emptyFolder, lettersIn, removeFolder } from "../store/folders.js";
import type { Mail } from "../store/mail.js";
import { reason } from "../store/reason.js";
import { t } from "../locales/text.js";
import { folderName } from "./names.js";

/** What a folder is to be called, and which it is to lie in. */
export interface FolderPlace {
  name: string;
  parentId: MailboxId | null;
}

/** Runs what takes a folder change back; what the service refuses of that is told. */
function wayBack(mail: Mail, accountId: AccountId, change: () => Promise<unknown>) {
  return async () => {
    try {
      await change();
    } catch (error) {
      mail.undo.fail(reason(error));
    }
    await mail.refresh(accountId);
  };
}

export async function makeFolder(mail: Mail, accountId: AccountId, { name, parentId }: FolderPlace): Promise<MailboxId> {
  const id = await addFolder(mail.server, accountId, name, parentId);
  mail.undo.add(t.folderMade(name), wayBack(mail, accountId, () => removeFolder(mail.server, accountId, id)));
  await mail.refresh(accountId);
  return id;
}

export async function placeFolder(mail: Mail, accountId: AccountId, folder: Mailbox, to: FolderPlace): Promise<void> {
  const before: FolderPlace = { name: folder.name, parentId: folder.parentId };
  if (before.name === to.name && before.parentId === to.parentId) return;
  await changeFolder(mail.server, accountId, folder.id, to);
  const says = before.name === to.name ? t.folderMoved(to.name) : t.folderRenamed(before.name, to.name);
  mail.undo.add(says, wayBack(mail, accountId, () => changeFolder(mail.server, accountId, folder.id, before)));
  await mail.refresh(accountId);
}

/** Deletes a folder; its letters go to Deleted. */
export async function dropFolder(mail: Mail, accountId: AccountId, folder: Mailbox): Promise<void> {
  let letters: InThread[] = [];
  try {
    await removeFolder(mail.server, accountId, folder.id);
  } catch (error) {
    if (!(error instanceof SetFailed) || error.type !== "mailboxHasEmail") throw error;
    letters = await toDeleted(mail, accountId, folder.id);
    await removeFolder(mail.server, accountId, folder.id);
  }
  const again = async () => {
    const id = await addFolder(mail.server, accountId, folder.name, folder.parentId);
    const trash = withRole(await foldersNow(mail, accountId), "trash")?.id;
    const patches = letters.map((m) => [m.id, { [`mailboxIds/${id}`]: true, ...(trash && !m.mailboxIds[trash] && { [`mailboxIds/${trash}`]: null }) }] as const);
    await tell(mail.server, accountId, new Map(patches));
  };
  mail.undo.add(t.folderDeleted(folder.name), wayBack(mail, accountId, again));
  await mail.refresh(accountId);
}

function foldersNow(mail: Mail, accountId: AccountId): Promise<Mailbox[]> {
  return mail.cache.fetchQuery(mail.folders(accountId));
}

/** Moves all letters of a folder to Deleted, but for those that stand elsewhere too, and gives them as they were. */
async function toDeleted(mail: Mail, accountId: AccountId, folder: MailboxId): Promise<InThread[]> {
  const trash = withRole(await foldersNow(mail, accountId), "trash");
  if (!trash) throw new Error(t.noTrash);
  const letters = await lettersIn(mail.server, accountId, folder);
  const patch = (m: InThread) => ({ [`mailboxIds/${folder}`]: null, ...(Object.keys(m.mailboxIds).length === 1 && { [`mailboxIds/${trash.id}`]: true as const }) });
  await tell(mail.server, accountId, new Map(letters.map((m): [EmailId, ReturnType<typeof patch>] => [m.id, patch(m)])));
  return letters;
}

/** Deletes all letters of a folder for good, if that is wanted. */
export async function empty(mail: Mail, accountId: AccountId, folder: Mailbox): Promise<void> {
  const name = folderName(folder);
  if (!(await mail.questions.ask({ title: t.emptyTitle(name), text: t.emptyText(folder.totalEmails), yes: t.destroy, grave: true }))) return;
  const note = mail.undo.add(t.emptying(name));
  try {
    await emptyFolder(mail.server, accountId, folder.id, await lettersIn(mail.server, accountId, folder.id));
    mail.undo.add(t.emptied(name));
  } catch (error) {
    mail.undo.fail(reason(error));
  }
  mail.undo.drop(note);
  await mail.refresh(accountId);
}
