import { useQuery } from "@tanstack/react-query";
import { useId, useState, type FormEvent, type KeyboardEvent } from "react";
import { when, wrongText } from "../../actions/work.js";
import { t } from "../../locales/text.js";
import type { AccountId, ThreadId, WorkNote } from "../../jmap/client.js";
import { Button } from "../../ui/Button.js";
import { Icon } from "../../ui/Icon.js";
import { useMail } from "../../ui/mail.js";
import { notesId } from "./LatestNote.js";
import { octets } from "./octets.js";

interface Props {
  accountId: AccountId;
  threadId: ThreadId;
}

/** What colleagues wrote for each other about a conversation. It is no part of any letter, and looks like none. */
export function Notes({ accountId, threadId }: Props) {
  const mail = useMail();
  const limits = mail.work.of(accountId);
  const heading = useId();
  const { data: notes, error } = useQuery({ ...mail.work.notes(accountId, threadId), enabled: limits !== undefined });
  if (!limits) return null;
  const full = notes && notes.length >= limits.maxNotesPerThread;
  return (
    <section className="notes" id={notesId} tabIndex={-1} aria-labelledby={heading}>
      <h2 id={heading}>
        <Icon name="note" />
        {t.notes}
        <small>{t.neverLeaves}</small>
      </h2>
      {error && <p role="alert">{t.notesBroken}</p>}
      {notes && notes.length > 0 && (
        <ol>
          {notes.map((n) => (
            <li key={n.id}>
              <NoteView accountId={accountId} note={n} />
            </li>
          ))}
        </ol>
      )}
      {full && <p>{t.noMoreNotes(limits.maxNotesPerThread)}</p>}
      {limits.mayHandle && !full && <NewNote key={threadId} accountId={accountId} threadId={threadId} />}
    </section>
  );
}

function NoteView({ accountId, note }: { accountId: AccountId; note: WorkNote }) {
  const mail = useMail();
  const [edits, setEdits] = useState(false);
  const mine = note.author === mail.work.me;
  const who = mine ? t.noteYours : (note.authorName ?? t.aColleague);
  const remove = async () => {
    try {
      await mail.work.removeNote(accountId, note.id);
      mail.undo.add(t.noteRemoved, async () => {
        await mail.work.addNote(accountId, note.threadId, note.text).catch((e: unknown) => mail.undo.fail(wrongText(e)));
      });
    } catch (error) {
      mail.undo.fail(wrongText(error));
    }
  };
  return (
    <article className="note" aria-label={t.noteBy(who)}>
      <header>
        <strong>{who}</strong>
        <small>
          <time dateTime={note.createdAt}>{when(note.createdAt)}</time>
          {note.editedAt && `, ${t.noteEdited(when(note.editedAt))}`}
        </small>
        {mine && !edits && mail.work.of(accountId)?.mayHandle && (
          <span className="note-buttons">
            <button type="button" className="linked" onClick={() => setEdits(true)}>
              {t.editNote}
            </button>
            <button type="button" className="linked" onClick={() => void remove()}>
              {t.removeNote}
            </button>
          </span>
        )}
      </header>
      {edits ? (
        <NoteForm
          accountId={accountId}
          label={t.editNote}
          text={note.text}
          does={t.saveNote}
          onCancel={() => setEdits(false)}
          onSave={async (text) => {
            if (text !== note.text) await mail.work.changeNote(accountId, note.id, text);
            setEdits(false);
          }}
        />
      ) : (
        <p className="note-text">{note.text}</p>
      )}
    </article>
  );
}

function NewNote({ accountId, threadId }: Props) {
  const mail = useMail();
  const [times, setTimes] = useState(0);
  return (
    <NoteForm
      key={times} // an empty one after each that was saved
      accountId={accountId}
      label={t.newNote}
      text=""
      does={t.addNote}
      focus={times > 0}
      onSave={async (text) => {
        await mail.work.addNote(accountId, threadId, text);
        setTimes(times + 1);
      }}
    />
  );
}

interface FormProps {
  accountId: AccountId;
  label: string;
  text: string;
  does: string;
  focus?: boolean;
  onCancel?: () => void;
  onSave: (text: string) => Promise<void>;
}

const nearlyFull = 500; // octets from which on the room that is left is said

function NoteForm({ accountId, label, text: before, does, focus, onCancel, onSave }: FormProps) {
  const mail = useMail();
  const [text, setText] = useState(before);
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState(false);
  const hint = useId();
  const room = (mail.work.of(accountId)?.maxSizeNote ?? 0) - octets(text);
  const save = async () => {
    if (busy || !text.trim() || room < 0) return;
    setBusy(true);
    setWrong("");
    try {
      await onSave(text.trim());
    } catch (error) {
      setWrong(wrongText(error)); // what was typed stays
    } finally {
      setBusy(false);
    }
  };
  const onKeyDown = (e: KeyboardEvent) => {
    if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) void save();
    else if (e.key === "Escape" && onCancel) onCancel();
    else return;
    e.preventDefault();
    e.stopPropagation();
  };
  return (
    <form
      className="note-form"
      onSubmit={(e: FormEvent) => {
        e.preventDefault();
        void save();
      }}
    >
      <textarea
        className="field"
        rows={2}
        value={text}
        aria-label={label}
        placeholder={label}
        aria-describedby={hint}
        aria-invalid={room < 0}
        autoFocus={focus || onCancel !== undefined}
        onChange={(e) => setText(e.target.value)}
        onKeyDown={onKeyDown}
      />
      <p id={hint} className="note-room" role="status">
        {wrong || (room < nearlyFull ? t.noteRoom(room) : "")}
      </p>
      {(text.trim() || onCancel) && (
        <div className="note-buttons">
          {onCancel && <Button label={t.cancel} onClick={onCancel} />}
          <Button type="submit" label={does} disabled={busy || !text.trim() || room < 0} />
        </div>
      )}
    </form>
  );
}
