import { memo, type ReactNode } from "react";
import { locale, t } from "../../locales/text.js";
import type { WorkItem } from "../../jmap/client.js";
import { listDate } from "../../model/dates.js";
import { listName, shortName, unique } from "../../model/people.js";
import { isFiled, isFlagged, isUnread, threadOf, type Row } from "../../model/row.js";
import { bitsOf } from "../../model/snippet.js";
import { Icon } from "../../ui/Icon.js";
import { Marked } from "../../ui/Marked.js";
import { WorkTags } from "../work/WorkTags.js";
import type { RowPlace } from "./usePlaces.js";

interface Props {
  row: Row | undefined;
  work: WorkItem | undefined;
  index: number;
  top: number;
  height: number;
  words: readonly string[];
  /** What a folder of sent letters shows is whom they went to. */
  isSent: boolean;
  ownDomain: string;
  place: RowPlace | undefined;
  isOpen: boolean;
  isSelected: boolean;
  /** Tab leads here. */
  isFirst: boolean;
  /** What can be done at once, while the pointer is there. */
  tools?: ReactNode;
}

/** Who wrote in a conversation, or whom it went to. */
function people(row: Row, isSent: boolean, ownDomain: string): { who: string; of?: string } {
  if (isSent) return { who: `${t.to}: ${(row.email.to ?? []).map((a) => listName(a, ownDomain).who).join(", ")}` };
  const from = unique(row.thread.flatMap((e) => e.from ?? []));
  if (from.length === 1 && from[0]) return listName(from[0], ownDomain);
  return { who: from.map((a) => (a.name ? shortName(a) : listName(a, ownDomain).who)).join(", ") || t.draft };
}

/** A line. What is pressed in it the list hears of, so that a line is drawn again only when it says something else. */
export const RowView = memo(function RowView({ row, work, index, top, height, words, isSent, ownDomain, place, isOpen, isSelected, isFirst, tools }: Props) {
  const where = { position: "absolute", top: 0, left: 0, width: "100%", height, transform: `translateY(${top}px)` } as const;
  if (!row) {
    return (
      <div className="row waiting" role="row" aria-rowindex={index + 1} aria-busy="true" style={where} data-index={index} tabIndex={isFirst ? 0 : -1}>
        <span role="gridcell" className="hidden">
          {t.loading}
        </span>
      </div>
    );
  }
  const unread = isUnread(row);
  const { who, of } = people(row, isSent, ownDomain);
  const subject = row.email.subject || t.noSubject;
  return (
    <div
      className={`row ${unread ? "unread" : ""}`}
      role="row"
      aria-rowindex={index + 1}
      aria-selected={isSelected}
      aria-current={isOpen || undefined}
      style={where}
      data-index={index}
      data-thread={threadOf(row)}
      tabIndex={isFirst ? 0 : -1}
      draggable
    >
      <span role="gridcell" className="row-select">
        <input type="checkbox" tabIndex={-1} checked={isSelected} aria-label={t.select(subject)} readOnly />
      </span>
      <span role="gridcell" className="row-text">
        <span className="row-top">
          {unread && <span className="dot" role="img" aria-label={t.isUnread} />}
          <span className="row-who">
            {who}
            {of && <small> {of}</small>}
          </span>
          {row.thread.length > 1 && (
            <span className="row-many" title={t.conversation(row.thread.length)}>
              {row.thread.length}
            </span>
          )}
          {row.email.hasAttachment && (
            <span role="img" aria-label={t.attachment}>
              <Icon name="attach" />
            </span>
          )}
          {isFlagged(row) && (
            <span role="img" aria-label={t.flagged} className="row-flag">
              <Icon name="flag" />
            </span>
          )}
          <time dateTime={row.email.receivedAt}>{listDate(row.email.receivedAt, new Date(), locale)}</time>
        </span>
        <span className="row-middle">
          <span className="row-subject">
            <Found snippet={row.snippet?.subject} text={subject} words={words} />
          </span>
          {place && (
            <span className="tag row-place" style={place.colour ? ({ "--mailbox": place.colour } as React.CSSProperties) : undefined}>
              {place.mailbox && <i className="row-mailbox" aria-hidden="true" />}
              <span className="row-mailbox-name">{[place.mailbox, place.folder].filter(Boolean).join(" · ")}</span>
            </span>
          )}
          {isFiled(row) && <span className="tag row-filed">{t.filed}</span>}
          {work && <WorkTags accountId={row.accountId} item={work} />}
        </span>
        <span className="row-preview">
          <Found snippet={row.snippet?.preview} text={row.email.preview} words={words} />
        </span>
      </span>
      {tools && (
        <span role="gridcell" className="row-tools">
          {tools}
        </span>
      )}
    </div>
  );
});

/** A text with what was looked for marked: as the service found it, or by the words as they were typed. */
function Found({ snippet, text, words }: { snippet: string | null | undefined; text: string; words: readonly string[] }) {
  if (!snippet) return <Marked text={text} words={words} />;
  return bitsOf(snippet).map((b, i) => (b.mark ? <mark key={i}>{b.text}</mark> : b.text));
}
