import { whyOf } from "../../actions/writing.js";
import { t } from "../../locales/text.js";
import { SetFailed } from "../../jmap/client.js";
import { isSecondReply } from "../../model/work.js";
import { Button } from "../../ui/Button.js";
import type { Wrong } from "./ComposePane.js";

interface Props {
  wrong: Wrong;
  recipients: number;
  onAnyway: () => void;
  /** Shows what is behind the pane. */
  onSee: () => void;
}

/** Why a letter was not sent, and what to do. Where a colleague answered in between, the answer can be looked at, or the letter sent all the same. */
export function Refusal({ wrong, recipients, onAnyway, onSee }: Props) {
  if (wrong === undefined) return null;
  const second = wrong instanceof SetFailed && isSecondReply(wrong.says);
  const most = wrong instanceof SetFailed && wrong.type === "tooManyRecipients" && wrong.says.maxRecipients;
  return (
    <div className="notice compose-note" role="alert">
      <p>{typeof wrong === "string" ? wrong : most ? t.tooManyRecipients(Number(most), recipients) : whyOf(wrong)}</p>
      {second && (
        <p className="compose-choices">
          <Button label={t.seeAnswer} onClick={onSee} />
          <Button label={t.sendAnyway} onClick={onAnyway} />
        </p>
      )}
    </div>
  );
}
