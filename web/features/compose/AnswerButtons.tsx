import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { isTyping, keyOf } from "../../actions/command.js";
import { goOnWriting, mayWrite } from "../../actions/writing.js";
import { t } from "../../locales/text.js";
import type { AccountId } from "../../jmap/client.js";
import { hasOthers, type Answer } from "../../model/reply.js";
import type { Letter } from "../../store/letters.js";
import { Button } from "../../ui/Button.js";
import { useMail } from "../../ui/mail.js";
import { editable } from "./editable.js";

interface Props {
  accountId: AccountId;
  letter: Letter;
  onReply: (letter: Letter, kind: Answer) => void;
}

/** What can be written to a letter; of a draft, that it can be gone on with. */
export function AnswerButtons({ accountId, letter, onReply }: Props) {
  const mail = useMail();
  const { data: identities } = useQuery({ ...mail.identities(accountId), enabled: mayWrite(mail, accountId) });
  if (!identities) return null;
  if (letter.keywords.$draft) {
    const goOn = () => void goOnWriting(mail, accountId, letter.id, editable);
    return (
      <div className="letter-answers">
        <span className="tag">{t.draft}</span>
        <Button label={t.goOnWriting} icon="write" onClick={goOn} />
      </div>
    );
  }
  const all = hasOthers(letter, identities.map((i) => i.email));
  return (
    <div className="letter-answers">
      <Button label={t.reply} icon="reply" keys={["r"]} onClick={() => onReply(letter, "reply")} />
      {all && <Button label={t.replyAll} icon="reply-all" keys={["a"]} onClick={() => onReply(letter, "reply-all")} />}
      <Button label={t.forward} icon="forward" keys={["f"]} onClick={() => onReply(letter, "forward")} />
    </div>
  );
}

const kinds: Record<string, Answer> = { r: "reply", a: "reply-all", f: "forward" };

/** Has the keys r, a and f answer and forward the last letter of a conversation that is no draft. */
export function useAnswerKeys(accountId: AccountId, letters: readonly Letter[] | undefined, onReply: Props["onReply"]): void {
  const mail = useMail();
  useEffect(() => {
    const onKey = (e: KeyboardEvent) => {
      const kind = kinds[keyOf(e)];
      if (!kind || e.defaultPrevented || isTyping(e.target) || !mayWrite(mail, accountId) || document.querySelector("[role=dialog]")) return;
      const letter = letters?.findLast((l) => !l.keywords.$draft);
      if (!letter) return;
      e.preventDefault();
      onReply(letter, kind);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  });
}
