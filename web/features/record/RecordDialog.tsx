import { useQuery } from "@tanstack/react-query";
import { useId, useMemo, useRef, useState, type FormEvent } from "react";
import { file, momentText } from "../../actions/record.js";
import { t } from "../../locales/text.js";
import type { AccountId } from "../../jmap/client.js";
import { grouped, nhsNumber, numbersIn } from "../../model/patient.js";
import type { Format } from "../../store/filings.js";
import type { Letter } from "../../store/letters.js";
import { Button } from "../../ui/Button.js";
import { Dialog } from "../../ui/Dialog.js";
import { useMail, useSession } from "../../ui/mail.js";
import { save } from "../viewer/items.js";
import { FiledResult, type Result } from "./FiledResult.js";
import { NoFiles } from "./files.js";
import { made, readable } from "./make.js";
import { NumberField } from "./NumberField.js";
import type { Ready } from "./order.js";
import "./record.css";

const formats: readonly Format[] = ["pdf", "eml", "fhir"];

interface Props {
  accountId: AccountId;
  letter: Letter;
  onClose: () => void;
}

/** Asks of whom a letter is and as what it goes into the record; makes that, has it noted, and gives it to the person. */
export function RecordDialog({ accountId, letter, onClose }: Props) {
  const mail = useMail();
  const session = useSession();
  const { data: before } = useQuery(mail.filings.of(accountId, letter.threadId));
  const last = before?.findLast((f) => f.emailId === letter.id);
  const inLetter = useMemo(() => numbersIn(`${letter.subject ?? ""}\n${readable(letter)}`), [letter]);
  const [number, setNumber] = useState("");
  const [reference, setReference] = useState("");
  const [as, setAs] = useState<readonly Format[]>(mail.filings.formats);
  const [wrong, setWrong] = useState<{ says: string; at?: string | undefined }>();
  const [busy, setBusy] = useState(false);
  const [again, setAgain] = useState(false);
  const [result, setResult] = useState<Result>();
  const end = useRef(new AbortController());
  const ids = { reference: useId(), wrong: useId() };
  const form = useRef<HTMLFormElement>(null);

  const close = () => {
    end.current.abort();
    onClose();
  };
  const fail = (says: string, at?: string) => {
    setWrong({ says, at });
    form.current?.querySelector<HTMLElement>(`[name=${at ?? "none"}]`)?.focus();
  };

  const fileIt = async (patient: string, expressly: boolean) => {
    const own = Object.values(session.accounts).find((a) => a.isPersonal)?.name;
    const files: Ready = await made(mail.server, accountId, {
      letter, nhsNumber: patient, reference: reference.trim(), formats: as, mailbox: session.accounts[accountId]?.name ?? "", person: own ? `${own} (${session.username})` : session.username,
      username: session.username, category: mail.work.board(accountId).snapshot().get(letter.threadId)?.category ?? null, now: new Date(),
    }, end.current.signal);
    if (end.current.signal.aborted) return;
    const came = await file(mail, accountId, { emailId: letter.id, nhsNumber: patient, ...(reference.trim() && { reference: reference.trim() }), formats: [...as] }, expressly);
    if (came.is === "before") setAgain(true);
    if (came.is !== "filed") return fail(came.says, came.is === "refused" ? came.at : undefined);
    mail.filings.formats = as;
    const whole = files.zip ?? files.files[0];
    if (whole) save(new Blob([whole.octets as Uint8Array<ArrayBuffer>]), whole.name);
    setResult({ ready: files, keepUntil: came.filing.keepUntil });
  };

  const submit = async (e: FormEvent) => {
    e.preventDefault();
    if (busy) return;
    const read = nhsNumber(number);
    if ("wrong" in read) return fail("", "nhsNumber"); // the field says what is wrong
    if (as.length === 0) return fail(t.noFormat, "formats");
    setBusy(true);
    setWrong(undefined);
    try {
      await fileIt(read.number, again || last !== undefined); // who sees by whom it was filed does it knowingly
    } catch (error) {
      if (!end.current.signal.aborted) setWrong({ says: error instanceof NoFiles ? (error.why === "large" ? t.filesTooLarge : t.filesAway) : t.filesNotMade });
    }
    setBusy(false);
  };

  if (result) {
    return (
      <Dialog title={t.filing} onClose={close}>
        <FiledResult result={result} isShared={session.havenShared === true} onClose={close} />
      </Dialog>
    );
  }
  return (
    <Dialog title={t.filing} onClose={close}>
      <form ref={form} className="record-form" noValidate onSubmit={(e) => void submit(e)}>
        {last && (
          <p className="notice" role="status">
            {t.filedBefore(last.filedByName ?? t.aColleague, momentText(last.filedAt), t.filedFor(grouped(last.nhsNumber), last.reference))}
          </p>
        )}
        <NumberField value={number} found={inLetter} isWrong={wrong?.at === "nhsNumber"} onChange={(n) => (setNumber(n), setWrong(undefined))} />
        <label className="dialog-field" htmlFor={ids.reference}>
          {t.localReference}
          <input id={ids.reference} name="reference" className="field" value={reference} maxLength={60} autoComplete="off" aria-invalid={wrong?.at === "reference" || undefined} aria-describedby={wrong?.at === "reference" ? ids.wrong : undefined} onChange={(e) => setReference(e.target.value)} />
        </label>
        <fieldset className="record-formats">
          <legend>{t.giveOutAs}</legend>
          {formats.map((f) => (
            <label key={f}>
              <input type="checkbox" name="formats" checked={as.includes(f)} onChange={(e) => setAs(formats.filter((x) => (x === f ? e.target.checked : as.includes(x))))} />
              {t.formats[f]}
            </label>
          ))}
          <small>
            {t.allHere} {session.havenShared && t.sharedDownloads}
          </small>
        </fieldset>
        <p id={ids.wrong} role="alert" className="dialog-wrong">
          {wrong?.says}
        </p>
        <div className="dialog-buttons">
          <Button label={t.cancel} onClick={close} />
          <Button type="submit" label={busy ? t.makingFiles : again || last ? t.fileAgain : t.fileToRecord} kind="primary" icon="record" aria-disabled={busy} />
        </div>
      </form>
    </Dialog>
  );
}
