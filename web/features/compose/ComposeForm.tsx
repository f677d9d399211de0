import { lazy, Suspense, useId, useRef, useState } from "react";
import { t } from "../../locales/text.js";
import type { Draft, DraftNow } from "../../store/draft.js";
import { Button } from "../../ui/Button.js";
import { From } from "./From.js";
import { PlainBody } from "./PlainBody.js";
import { Quote } from "./Quote.js";
import { Recipients } from "./Recipients.js";

const RichBody = lazy(() => import("./RichBody.js").then((m) => ({ default: m.RichBody })));

interface Props {
  draft: Draft;
  now: DraftNow;
  /** Addresses that the service refused. */
  refused: ReadonlySet<string>;
}

/** To whom a letter goes, what it is about, and its text. */
export function ComposeForm({ draft, now: { content, placed }, refused }: Props) {
  const [cc, setCc] = useState(content.cc.length > 0);
  const [bcc, setBcc] = useState(content.bcc.length > 0);
  const begins = useRef(content.to.length > 0 ? "text" : "to").current;
  const field = (name: "to" | "cc" | "bcc", label: string) => (
    <Recipients accountId={draft.accountId} label={label} list={content[name]} refused={refused} autoFocus={name === "to" && begins === "to"} onChange={(list) => draft.change({ [name]: list })} />
  );
  return (
    <div className="compose-form">
      <From draft={draft} content={content} />
      <div className="compose-to">
        {field("to", t.to)}
        {!(cc && bcc) && (
          <div className="compose-more">
            {!cc && <Button label={t.addCc} kind="plain" onClick={() => setCc(true)} />}
            {!bcc && <Button label={t.addBcc} kind="plain" onClick={() => setBcc(true)} />}
          </div>
        )}
      </div>
      {(cc || content.cc.length > 0) && field("cc", t.cc)}
      {(bcc || content.bcc.length > 0) && field("bcc", t.bcc)}
      <Subject subject={content.subject} onChange={(subject) => draft.change({ subject })} />
      {content.text.format === "plain" ? (
        <PlainBody draft={draft} text={content.text} focus={begins === "text"} />
      ) : (
        <Suspense fallback={<div className="editor" aria-busy="true" />}>
          <RichBody key={placed} draft={draft} focus={begins === "text" || placed > 0} />
        </Suspense>
      )}
      {content.text.quote && <Quote draft={draft} content={content} />}
    </div>
  );
}

function Subject({ subject, onChange }: { subject: string; onChange: (subject: string) => void }) {
  const id = useId();
  return (
    <div className="compose-row">
      <label htmlFor={id}>{t.subject}</label>
      <input id={id} className="compose-input" value={subject} maxLength={900} autoComplete="off" onChange={(e) => onChange(e.target.value.replace(/[\r\n]+/g, " "))} />
    </div>
  );
}
