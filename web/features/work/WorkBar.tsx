import { useEffect, useRef } from "react";
import type { Command } from "../../actions/command.js";
import { done, giveBack, handOver, reopen, take, when, workCommands, type Handling } from "../../actions/work.js";
import { t } from "../../locales/text.js";
import type { AccountId, WorkItem } from "../../jmap/client.js";
import { viewOf } from "../../model/work.js";
import { Button } from "../../ui/Button.js";
import { Icon, type IconName } from "../../ui/Icon.js";
import { DueTag } from "./DueTag.js";
import { LatestNote } from "./LatestNote.js";
import { PresenceOf } from "./PresenceOf.js";
import "./work.css";

const icons: Record<string, IconName> = { [take.id]: "person", [done.id]: "done", [giveBack.id]: "give-back", [handOver.id]: "hand-over", [reopen.id]: "reopen" };

/** Who handles the conversation that is open, and what one can do about that. */
export function WorkBar({ handling }: { handling: Handling }) {
  const item = handling.items[0];
  const buttons = useFocusStays(item?.status);
  if (!item) return <div className="work-bar" aria-busy="true" />;
  const { me } = handling.mail.work;
  const view = viewOf(item, me);
  const first = { unassigned: take, others: take, mine: done, done: undefined }[view];
  return (
    <section className={`work-bar ${view}`} aria-label={t.work}>
      <div className="work-says" role="status">
        <Icon name={view === "done" ? "done" : "person"} />
        <p>
          <strong>{statusText(item, me)}</strong>
          <LatestNote accountId={handling.accountId} threadId={item.id} />
          {item.answeredBy && item.answeredAt && <small>{t.answeredBy(item.answeredBy === me ? t.yours : (item.answeredByName ?? t.aColleague), when(item.answeredAt))}</small>}
        </p>
      </div>
      {view !== "done" && <DueTag accountId={handling.accountId} threadId={item.id} whole />}
      <PresenceOf accountId={handling.accountId} threadId={item.id} />
      <div className="work-buttons" ref={buttons}>
        {workCommands
          .filter((c) => c.may(handling))
          .map((c) => (
            <CommandButton key={c.id} command={c} handling={handling} primary={c === first} />
          ))}
      </div>
    </section>
  );
}

/** Where the button that has the focus goes because of what it did, the focus goes to the first that is there now. */
function useFocusStays(status: WorkItem["status"] | undefined) {
  const box = useRef<HTMLDivElement>(null);
  const last = useRef<Element>(null);
  useEffect(() => {
    const onFocus = (e: FocusEvent) => (last.current = e.target instanceof Element && box.current?.contains(e.target) ? e.target : null);
    document.addEventListener("focusin", onFocus);
    return () => document.removeEventListener("focusin", onFocus);
  }, []);
  useEffect(() => {
    if (last.current && !last.current.isConnected) box.current?.querySelector("button")?.focus();
  }, [status]);
  return box;
}

/** What one can do about who handles the conversations that are chosen. */
export function WorkTools({ handling }: { handling: Handling }) {
  return workCommands.filter((c) => c.may(handling)).map((c) => <CommandButton key={c.id} command={c} handling={handling} bare />);
}

function CommandButton({ command, handling, primary, bare }: { command: Command<Handling>; handling: Handling; primary?: boolean; bare?: boolean }) {
  return (
    <Button
      label={command.name(handling)}
      icon={icons[command.id] as IconName}
      keys={command.keys}
      {...(primary && { kind: "primary" })}
      {...(bare && { bare, kind: "plain" })}
      onClick={() => void command.run(handling)}
    />
  );
}

/** Who handles a conversation, in a sentence. */
export function statusText(item: WorkItem, me: AccountId | undefined): string {
  switch (viewOf(item, me)) {
    case "unassigned":
      return t.isNew;
    case "mine":
      return t.handledByYou(when(item.since));
    case "others":
      return t.handledBySince(item.handledByName ?? t.aColleague, when(item.since));
    case "done":
      return t.doneBySince(item.doneBy === me ? t.you : (item.doneByName ?? t.aColleague), when(item.since));
  }
}
