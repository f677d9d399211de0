import { useEffect, useRef, useState } from "react";
import { t } from "../../locales/text.js";
import { wholeText, type Content } from "../../model/content.js";
import type { Draft } from "../../store/draft.js";
import { Button } from "../../ui/Button.js";
import { useMail } from "../../ui/mail.js";
import { editable } from "./editable.js";
import { forEditor } from "./inline.js";

/** What a letter answers, folded. Of a plain text it becomes part when it is unfolded; HTML of others is shown as it goes, since an editor would change it. */
export function Quote({ draft, content: { text, files } }: { draft: Draft; content: Content }) {
  const mail = useMail();
  const [open, setOpen] = useState(false);
  const plain = text.format === "plain";
  const shown = open && !plain;
  const toggle = () => {
    if (plain) draft.change({ text: { ...text, own: wholeText(text), quote: "" } });
    else setOpen(!open);
  };
  const urlOf = (cid: string) => {
    const f = files.find((x) => x.cid === cid);
    return f?.blobId ? mail.server.downloadUrl(draft.accountId, f.blobId, f.name, f.type) : undefined;
  };
  return (
    <div className="compose-quote">
      <Button label={shown ? t.hideQuote : t.showQuote} icon="more" kind="plain" aria-expanded={plain ? undefined : shown} onClick={toggle} />
      <Button label={t.dropQuote} kind="plain" onClick={() => draft.change({ text: { ...text, quote: "" } })} />
      {shown && <Shown html={forEditor(editable(text.quote), urlOf)} />}
    </div>
  );
}

/** HTML in a frame where nothing runs. */
function Shown({ html }: { html: string }) {
  const frame = useRef<HTMLIFrameElement>(null);
  useEffect(() => {
    const fill = () => {
      const page = frame.current?.contentDocument;
      if (page?.body && page.URL !== "about:blank") page.body.innerHTML = html;
    };
    fill();
    const element = frame.current;
    element?.addEventListener("load", fill);
    return () => element?.removeEventListener("load", fill);
  }, [html]);
  return <iframe ref={frame} className="quote-frame" title={t.quotedLetter} src="/mail/frame" sandbox="allow-same-origin" />;
}
