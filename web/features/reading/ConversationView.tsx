import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { isCovered } from "../../actions/command.js";
import { t } from "../../locales/text.js";
import type { AccountId, EmailId, ThreadId } from "../../jmap/client.js";
import { keyOf } from "../../model/keys.js";
import type { Asked } from "../../model/links.js";
import type { Letter } from "../../store/letters.js";
import { Button } from "../../ui/Button.js";
import { useMail, useSession } from "../../ui/mail.js";
import { AnswerButtons } from "../compose/AnswerButtons.js";
import { inlinePicture } from "./inline.js";
import { LetterView } from "./LetterView.js";
import "./reading.css";

interface Props {
  accountId: AccountId;
  thread: ThreadId;
  toolbar: React.ReactNode;
  /** Called once it is on the screen, with what it holds. */
  onSeen: (letters: readonly Letter[]) => void;
  onReply: (letter: Letter, kind: "reply" | "reply-all" | "forward") => void;
  /** Somebody files a letter to a patient's record. */
  onFile: (letter: Letter) => void;
  /** Somebody chose an address in a letter to write to. */
  onMailto?: (asked: Asked) => void;
  header?: React.ReactNode;
  footer?: (letters: readonly Letter[]) => React.ReactNode;
}

/** A conversation: its last letter and those that were not read are open. */
export function ConversationView({ accountId, thread, toolbar, onSeen, onReply, onFile, onMailto, header, footer }: Props) {
  const mail = useMail();
  const { data, error } = useQuery(mail.conversation(accountId, thread));
  const [open, setOpen] = useState<ReadonlySet<EmailId>>(new Set());
  const session = useSession();
  const onPaper = useCallback(async () => {
    if (!data) return;
    const { printed } = await import("./printed.js");
    const own = Object.values(session.accounts).find((a) => a.isPersonal)?.name;
    await printed({
      letters: data.letters,
      mailbox: session.accounts[accountId]?.name ?? "",
      person: own ? `${own} (${session.username})` : session.username,
      now: new Date(),
      inline: (letter, cid) => inlinePicture(mail.server, accountId, letter, cid),
    });
  }, [data, session, accountId, mail]);
  useEffect(() => {
    const onKey = (e: KeyboardEvent) => {
      if (keyOf(e) !== "Mod+P" || e.defaultPrevented || isCovered()) return;
      e.preventDefault(); // the browser would print the page around it
      void onPaper();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [onPaper]);
  const heading = useRef<HTMLHeadingElement>(null);
  const began = useRef<string>(undefined);
  useEffect(() => {
    if (!data || began.current === `${accountId} ${thread}`) return;
    began.current = `${accountId} ${thread}`;
    const last = data.letters.at(-1);
    setOpen(new Set(data.letters.filter((l) => l === last || !l.keywords.$seen).map((l) => l.id)));
    onSeen(data.letters);
  }, [accountId, thread, data, onSeen]);
  useEffect(() => {
    const last = data?.letters.at(-1);
    if (last && open.size > 0 && !data?.letters.some((l) => open.has(l.id))) setOpen(new Set([last.id]));
  }, [data]); // eslint-disable-line -- what was open is gone, as a draft is that was written on

  if (error) {
    return (
      <div className="conversation" role="alert">
        {toolbar}
        <p className="list-says">{t.wentWrong(error.message)}</p>
      </div>
    );
  }
  if (data === null) {
    return (
      <div className="conversation">
        {toolbar}
        <p className="list-says">{t.gone}</p>
      </div>
    );
  }
  return (
    <div className="conversation" aria-busy={data === undefined}>
      {toolbar}
      {data === undefined && <p className="list-says late">{t.loading}</p>}
      {data && (
        <div className="conversation-scroll" tabIndex={-1}>
          {header}
          <div className="conversation-head">
            <h1 ref={heading} className="conversation-subject">
              {data.letters[0]?.subject || t.noSubject}
            </h1>
            <Button label={t.print} icon="print" bare kind="plain" keys={["Ctrl+P"]} onClick={() => void onPaper()} />
          </div>
          {data.letters.map((l) => (
            <LetterView
              key={l.id}
              accountId={accountId}
              letter={l}
              isOpen={open.has(l.id)}
              onMailto={onMailto}
              actions={<AnswerButtons accountId={accountId} letter={l} onReply={onReply} onFile={onFile} />}
              onToggle={() => {
                const next = new Set(open);
                if (!next.delete(l.id)) next.add(l.id);
                setOpen(next);
              }}
            />
          ))}
          {footer?.(data.letters)}
        </div>
      )}
    </div>
  );
}
