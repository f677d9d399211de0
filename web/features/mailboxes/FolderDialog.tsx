import { useId, useState, type FormEvent } from "react";
import { dropFolder, makeFolder, placeFolder } from "../../actions/folders.js";
import { folderName } from "../../actions/names.js";
import { t } from "../../locales/text.js";
import type { Mailbox, MailboxId } from "../../jmap/client.js";
import { below, foldersOf, pathOf } from "../../model/folders.js";
import type { MailAccount } from "../../model/mailboxes.js";
import { reason } from "../../store/reason.js";
import { Button } from "../../ui/Button.js";
import { Dialog } from "../../ui/Dialog.js";
import { useMail } from "../../ui/mail.js";

interface Props {
  account: MailAccount;
  folders: readonly Mailbox[];
  /** The folder that changes; none where one is made. */
  folder?: Mailbox;
  /** Where a new one is to lie. */
  parent?: MailboxId | null;
  onDone: (made?: MailboxId) => void;
}

/** Whether a change goes on, and what the service said against it. */
function useTried(done: () => void) {
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState(false);
  const attempt = async (change: () => Promise<unknown>) => {
    setBusy(true);
    setWrong("");
    try {
      await change();
      done();
    } catch (error) {
      setWrong(reason(error) || t.unreachable);
      setBusy(false);
    }
  };
  return { wrong, busy, attempt };
}

/** Makes a folder, renames one, or puts it into another. */
export function FolderDialog({ account, folders, folder, parent = null, onDone }: Props) {
  const mail = useMail();
  const [name, setName] = useState(folder?.name ?? "");
  const [into, setInto] = useState<MailboxId | null>(folder ? folder.parentId : parent);
  const { wrong, busy, attempt } = useTried(() => onDone());
  const says = useId();
  const own = folder ? below(folders, folder) : new Set<MailboxId>();
  const places = foldersOf(folders).filter((f) => f.id === into || (f.myRights.mayCreateChild && !own.has(f.id)));
  const mayRoot = into === null || account.accountCapabilities["urn:ietf:params:jmap:mail"]?.mayCreateTopLevelMailbox;
  const submit = (e: FormEvent) => {
    e.preventDefault();
    const to = { name: name.trim(), parentId: into };
    void attempt(() => (folder ? placeFolder(mail, account.id, folder, to) : makeFolder(mail, account.id, to)));
  };
  return (
    <Dialog title={folder ? t.changeFolder(folder.name) : t.newFolder} onClose={() => onDone()}>
      <form className="dialog-form" onSubmit={submit}>
        <label className="dialog-field">
          {t.folderName}
          <input className="field" value={name} required data-focus spellCheck="true" autoComplete="off" aria-invalid={wrong !== ""} aria-describedby={says} onChange={(e) => setName(e.target.value)} />
        </label>
        <label className="dialog-field">
          {t.folderInto}
          <select className="field" value={into ?? ""} onChange={(e) => setInto(e.target.value || null)}>
            {mayRoot && <option value="">{t.folderTop(account.name)}</option>}
            {places.map((f) => (
              <option key={f.id} value={f.id}>
                {pathOf(folders, f).map(folderName).join(" / ")}
              </option>
            ))}
          </select>
        </label>
        <p id={says} className="dialog-wrong" role="alert">
          {wrong}
        </p>
        <div className="dialog-buttons">
          <Button label={t.cancel} onClick={() => onDone()} />
          <Button type="submit" kind="primary" label={folder ? t.save : t.make} disabled={busy} />
        </div>
      </form>
    </Dialog>
  );
}

/** Asks whether a folder is to be deleted, and says what becomes of its letters. */
export function DeleteDialog({ account, folder, onDone }: { account: MailAccount; folder: Mailbox; onDone: (deleted: boolean) => void }) {
  const mail = useMail();
  const { wrong, busy, attempt } = useTried(() => onDone(true));
  return (
    <Dialog title={t.deleteFolderTitle(folder.name)} onClose={() => onDone(false)}>
      <p>{folder.totalEmails ? t.deleteFolderText(folder.totalEmails) : t.deleteFolderEmpty}</p>
      <p className="dialog-wrong" role="alert">
        {wrong}
      </p>
      <div className="dialog-buttons">
        <Button label={t.cancel} onClick={() => onDone(false)} />
        <Button kind="primary" className="grave" label={t.deleteFolder} disabled={busy} data-focus onClick={() => void attempt(() => dropFolder(mail, account.id, folder))} />
      </div>
    </Dialog>
  );
}
