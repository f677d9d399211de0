import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { t } from "../../locales/text.js";
import type { AccountId, EmailId, ThreadId } from "../../jmap/client.js";
import type { Letter } from "../../store/letters.js";
import { useMail } from "../../ui/mail.js";
import { AnswerButtons } from "../compose/AnswerButtons.js";
import { LetterView } from "./LetterView.js";
import "./reading.css";

interface Props {
  accountId: AccountId;
  thread: ThreadId;
  toolbar: React.ReactNode;
  /** Called once it is on the screen, with what it holds. */
  onSeen: (letters: readonly Letter[]) => void;
  onReply: (letter: Letter, kind: "reply" | "reply-all" | "forward") => void;
  footer?: (letters: readonly Letter[]) => React.ReactNode;
}

/** A conversation: its last letter and those that were not read are open. */
export function ConversationView({ accountId, thread, toolbar, onSeen, onReply, footer }: Props) {
  const mail = useMail();
  const { data, error } = useQuery(mail.conversation(accountId, thread));
  const [open, setOpen] = useState<ReadonlySet<EmailId>>(new Set());
  const heading = useRef<HTMLHeadingElement>(null);
  const began = useRef<string>(undefined);
  useEffect(() => {
    if (!data || began.current === `${accountId} ${thread}`) return;
    began.current = `${accountId} ${thread}`;
    const last = data.letters.at(-1);
    setOpen(new Set(data.letters.filter((l) => l === last || !l.keywords.$seen).map((l) => l.id)));
    onSeen(data.letters);
  }, [accountId, thread, data, onSeen]);

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
      {data && (
        <div className="conversation-scroll" tabIndex={-1}>
          <h1 ref={heading} className="conversation-subject">
            {data.letters[0]?.subject || t.noSubject}
          </h1>
          {data.letters.map((l) => (
            <LetterView
              key={l.id}
              accountId={accountId}
              letter={l}
              isOpen={open.has(l.id)}
              actions={<AnswerButtons accountId={accountId} letter={l} onReply={onReply} />}
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
