import { useQuery } from "@tanstack/react-query";
import { t } from "../../locales/text.js";
import type { AccountId, ThreadId } from "../../jmap/client.js";
import { useMail } from "../../ui/mail.js";

export const notesId = "notes";

/** The beginning of what was noted last, above the conversation: who is handed one over reads that first. It leads to the notes. */
export function LatestNote({ accountId, threadId }: { accountId: AccountId; threadId: ThreadId }) {
  const mail = useMail();
  const { data } = useQuery(mail.work.notes(accountId, threadId));
  const note = data?.at(-1);
  if (!note) return null;
  const who = note.author === mail.work.me ? t.you : (note.authorName ?? t.aColleague);
  const show = () => {
    const notes = document.getElementById(notesId);
    notes?.scrollIntoView({ block: "center" });
    notes?.focus({ preventScroll: true });
  };
  return (
    <button type="button" className="latest-note" onClick={show}>
      <b>{t.latestNote(who)}</b> {note.text}
    </button>
  );
}
