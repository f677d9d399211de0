import { t } from "../../locales/text.js";
import type { AccountId, ThreadId } from "../../jmap/client.js";
import { initials } from "../../model/people.js";
import { useOthersAt } from "./hooks.js";

/** Which colleagues look at a conversation or answer it now, in words. */
export function PresenceOf({ accountId, threadId }: { accountId: AccountId; threadId: ThreadId }) {
  const others = useOthersAt(accountId, threadId);
  const names = (writes: boolean) => others.filter((o) => o.writes === writes).map((o) => o.name ?? t.aColleague);
  const writing = names(true);
  const looking = names(false);
  return (
    <div className="presence" role="status">
      {writing.length > 0 && (
        <p className="writes">
          <Faces names={writing} />
          {t.writingNow(writing)}
        </p>
      )}
      {looking.length > 0 && (
        <p>
          <Faces names={looking} />
          {t.lookingNow(looking)}
        </p>
      )}
    </div>
  );
}

function Faces({ names }: { names: readonly string[] }) {
  return names.slice(0, 3).map((name, i) => (
    <span key={i} className="face" aria-hidden="true">
      {initials({ name, email: name })}
    </span>
  ));
}
