import { useQuery } from "@tanstack/react-query";
import { forwardWhole } from "../../actions/attaching.js";
import { forward, reply, replyAll } from "../../actions/desk.js";
import { fileToRecord, mayFile } from "../../actions/record.js";
import { writeWith } from "../../actions/templates.js";
import { goOnWriting, mayWrite } from "../../actions/writing.js";
import { t } from "../../locales/text.js";
import type { AccountId } from "../../jmap/client.js";
import { withRole } from "../../model/folders.js";
import { hasOthers, type Answer } from "../../model/reply.js";
import { templatesIn } from "../../model/templates.js";
import type { Letter } from "../../store/letters.js";
import { Button } from "../../ui/Button.js";
import { useMail } from "../../ui/mail.js";
import { useShownKey } from "../list/useKeys.js";
import { editable } from "./editable.js";
import { WaitingLetter } from "./WaitingLetter.js";

interface Props {
  accountId: AccountId;
  letter: Letter;
  onReply: (letter: Letter, kind: Answer) => void;
  onFile: (letter: Letter) => void;
}

/** What can be written to a letter, and that it can be filed; of a draft, that it can be gone on with. */
export function AnswerButtons({ accountId, letter, onReply, onFile }: Props) {
  const mail = useMail();
  const { data: identities } = useQuery({ ...mail.identities(accountId), enabled: mayWrite(mail, accountId) });
  const { data: folders } = useQuery(mail.folders(accountId));
  const scheduled = withRole(folders ?? [], "scheduled");
  const shownKey = useShownKey();
  const files = mayFile(mail, accountId, letter);
  if (!identities && (!files || mayWrite(mail, accountId))) return null;
  if (scheduled && letter.mailboxIds[scheduled.id]) return <WaitingLetter accountId={accountId} letter={letter} />;
  const template = templatesIn(folders ?? []);
  if (template && letter.mailboxIds[template.id]) {
    return (
      <div className="letter-answers">
        <span className="tag">{t.template}</span>
        <Button label={t.writeWithTemplate} icon="write" onClick={() => void writeWith(mail, accountId, letter.id, editable)} />
        <small>{t.templateHint}</small>
      </div>
    );
  }
  if (letter.keywords.$draft) {
    const goOn = () => void goOnWriting(mail, accountId, letter, editable);
    return (
      <div className="letter-answers">
        <span className="tag">{t.draft}</span>
        <Button label={t.goOnWriting} icon="write" onClick={goOn} />
      </div>
    );
  }
  const keysOf = (c: typeof reply) => {
    const key = shownKey(c);
    return key === undefined ? undefined : [key];
  };
  const all = identities && hasOthers(letter, identities.map((i) => i.email));
  return (
    <div className="letter-answers">
      {identities && <Button label={t.reply} icon="reply" keys={keysOf(reply)} onClick={() => onReply(letter, "reply")} />}
      {all && <Button label={t.replyAll} icon="reply-all" keys={keysOf(replyAll)} onClick={() => onReply(letter, "reply-all")} />}
      {identities && <Button label={t.forward} icon="forward" keys={keysOf(forward)} onClick={() => onReply(letter, "forward")} />}
      {identities && <Button label={t.forwardAttached} icon="attach" bare kind="plain" onClick={() => void forwardWhole(mail, accountId, [letter.id])} />}
      {files && <Button label={t.fileToRecord} icon="record" keys={keysOf(fileToRecord)} onClick={() => onFile(letter)} />}
    </div>
  );
}
