import { shortMoment } from "../../actions/names.js";
import { t } from "../../locales/text.js";
import type { DraftNow } from "../../store/draft.js";
import type { When } from "../../store/sending.js";
import { Button } from "../../ui/Button.js";

interface Props {
  now: DraftNow;
  onSend: (when: When) => void;
}

/** When a letter that was called back still goes, if its writer says so; undefined where that time is over. */
export function plannedOf({ planned }: DraftNow): When {
  return planned && planned.getTime() > Date.now() + 60_000 ? planned : undefined;
}

/** Sends a letter. One that was to go later goes then, or now. */
export function SendButtons({ now, onSend }: Props) {
  const planned = plannedOf(now);
  if (!planned || now.sending || now.elsewhere === "shut") return <Button label={now.sending ? t.sending : t.send} kind="primary" keys={[t.ctrlEnter]} disabled={now.sending || now.elsewhere === "shut"} onClick={() => onSend(undefined)} />;
  return (
    <>
      <Button label={t.sendAt(shortMoment(planned))} kind="primary" keys={[t.ctrlEnter]} onClick={() => onSend(planned)} />
      <Button label={t.sendNow} onClick={() => onSend(undefined)} />
    </>
  );
}
