// Letters that go to another folder, of the same mailbox or of another one.

import type { EmailId, Mailbox } from "../jmap/client.js";
import { mailAccounts, type MailAccount } from "../model/mailboxes.js";
import { cross, type Crossing } from "../store/across.js";
import { reason } from "../store/reason.js";
import { t } from "../locales/text.js";
import type { Command } from "./command.js";
import { mayLeave, movedOf, moveTo, type Chosen } from "./letters.js";
import { folderName } from "./names.js";

/** A folder, and the mailbox that it is in. */
export interface Place {
  account: MailAccount;
  folder: Mailbox;
}

/** Whether what is chosen can be put into a folder. */
export function mayPut(c: Chosen, { account, folder }: Place): boolean {
  if (c.rows.length === 0 || !folder.myRights.mayAddItems) return false;
  return account.id === c.accountId ? folder.id !== c.folder?.id && mayLeave(c) : true;
}

/** Puts what is chosen into a folder. Another mailbox is another circle of readers, so that it is asked about. */
export async function put(c: Chosen, to: Place): Promise<void> {
  if (!mayPut(c, to)) return;
  if (to.account.id === c.accountId) await moveTo(c, to.folder, t.moved(c.rows.length, folderName(to.folder)));
  else await putAcross(c, to);
}

async function putAcross(c: Chosen, { account, folder }: Place): Promise<void> {
  const leave = mayLeave(c); // who may only read there takes a copy
  const n = c.rows.length;
  const asked = leave
    ? { title: t.acrossTitle(n, account.name), text: account.isPersonal ? t.acrossOwnText : t.acrossText(account.name), yes: t.moveYes }
    : { title: t.copyTitle(n, account.name), text: t.acrossCopyText(account.name), yes: t.copy };
  if (!(await c.mail.questions.ask(asked))) return;
  const letters = c.rows.flatMap((row) => movedOf(c, row));
  const crossings = letters.map((letter): Crossing => ({ letter, into: { [folder.id]: true } }));
  if (leave) c.leave?.();
  const { mail, accountId } = c;
  try {
    const went = await cross(mail.server, accountId, account.id, crossings, leave);
    const back = letters.filter((l) => went.has(l.id)).map((l): Crossing => ({ letter: { ...l, id: went.get(l.id) as EmailId }, into: l.mailboxIds }));
    mail.undo.add((leave ? t.movedAcross : t.copiedAcross)(n, folderName(folder), account.name), async () => {
      if (leave) await cross(mail.server, account.id, accountId, back, true);
      else await mail.destroy(account.id, [...went.values()]);
      await Promise.all([mail.refresh(account.id), mail.refresh(accountId)]);
    });
  } catch (error) {
    mail.undo.fail(reason(error));
  }
  await Promise.all([mail.refresh(account.id), mail.refresh(accountId)]);
}

/** Opens the choice of a folder. */
export const move: Command<Chosen & { chooseFolder: () => void }> = {
  id: "move",
  icon: "move",
  name: () => t.move,
  keys: ["v"],
  may: (c) => c.rows.length > 0 && (mayLeave(c) || mailAccounts(c.mail.session()).length > 1),
  run: (c) => c.chooseFolder(),
};
