import { write } from "../../actions/desk.js";
import { writeNew, writesFrom } from "../../actions/writing.js";
import { t } from "../../locales/text.js";
import type { AccountId } from "../../jmap/client.js";
import { Button } from "../../ui/Button.js";
import { useShownKey } from "../list/useKeys.js";
import { useMail } from "../../ui/mail.js";

/** Begins a letter from a mailbox, or from the own one where the person may not write from it. */
export function WriteButton({ accountId }: { accountId: AccountId }) {
  const mail = useMail();
  const from = writesFrom(mail, accountId);
  const key = useShownKey()(write);
  if (from === undefined) return null;
  return <Button label={t.compose} icon="write" kind="primary" keys={key === undefined ? undefined : [key]} className="write-button" onClick={() => void writeNew(mail, from)} />;
}
