import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useId, useRef, useState } from "react";
import { t } from "../../locales/text.js";
import type { Identity } from "../../jmap/client.js";
import type { Content } from "../../model/content.js";
import { written } from "../../model/people.js";
import { resigned } from "../../model/quote.js";
import type { Draft, DraftNow } from "../../store/draft.js";
import { Button } from "../../ui/Button.js";
import { useMail } from "../../ui/mail.js";
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
export function ComposeForm({ draft, now: { content }, refused }: Props) {
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
          <RichBody draft={draft} focus={begins === "text"} />
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

/** As whom one writes, where there is a choice. */
function From({ draft, content }: { draft: Draft; content: Content }) {
  const mail = useMail();
  const id = useId();
  const { data: identities = [] } = useQuery(mail.identities(draft.accountId));
  if (identities.length < 2) return null;
  const nameOf = (i: Identity) => written({ name: i.name || null, email: i.email });
  const choose = (to: string) => {
    const [was, now] = [content.identityId, to].map((x) => identities.find((i) => i.id === x)?.textSignature ?? "") as [string, string];
    draft.change({ identityId: to as Identity["id"], ...(content.text.format === "plain" && { text: { ...content.text, own: resigned(content.text.own, was, now) } }) });
  };
  return (
    <div className="compose-row">
      <label htmlFor={id}>{t.as}</label>
      <select id={id} className="compose-input" value={content.identityId ?? ""} onChange={(e) => choose(e.target.value)}>
        {identities.map((i) => (
          <option key={i.id} value={i.id}>
            {nameOf(i)}
          </option>
        ))}
      </select>
    </div>
  );
}
