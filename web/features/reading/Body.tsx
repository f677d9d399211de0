import { useMemo, useState } from "react";
import { t } from "../../locales/text.js";
import type { AccountId } from "../../jmap/client.js";
import type { Asked } from "../../model/links.js";
import type { Letter } from "../../store/letters.js";
import { Button } from "../../ui/Button.js";
import { useMail } from "../../ui/mail.js";
import { htmlOf, isCut, textOf } from "../../model/bodies.js";
import { Frame } from "./Frame.js";
import { inlinePicture } from "./inline.js";
import { PlainText } from "./PlainText.js";
import { isTooMuch, sanitise } from "./sanitise.js";

interface Props {
  accountId: AccountId;
  letter: Pick<Letter, "htmlBody" | "textBody" | "bodyValues" | "attachments">;
  who: string;
  onMailto?: ((asked: Asked) => void) | undefined;
}

/** What a letter says. */
export function Body({ accountId, letter, who, onMailto }: Props) {
  const mail = useMail();
  const [remote, setRemote] = useState(false);
  const clean = useMemo(() => {
    const html = htmlOf(letter);
    if (html === undefined || isTooMuch(html)) return undefined;
    const inline = (cid: string) => inlinePicture(mail.server, accountId, letter, cid);
    return sanitise(html, { inline, remote, leadsElsewhere: t.leadsElsewhere, showQuoted: t.showQuoted });
  }, [accountId, letter.htmlBody, letter.bodyValues, letter.attachments, mail, remote]);
  return (
    <>
      {clean?.hasRemote && !remote && (
        <p className="notice pictures">
          <span>{t.picturesBlocked}</span> <Button label={t.showPictures} onClick={() => setRemote(true)} />
        </p>
      )}
      {isCut(letter) && <p className="notice pictures">{t.cutOff}</p>}
      {clean ? <Frame content={clean.content} remote={remote} title={t.body(who)} onMailto={onMailto} /> : <PlainText text={textOf(letter)} onMailto={onMailto} />}
    </>
  );
}
