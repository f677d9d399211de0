import { useEffect, useRef } from "react";
import { t } from "../../locales/text.js";
import type { Text } from "../../model/content.js";
import type { Draft } from "../../store/draft.js";

/** A plain text. */
export function PlainBody({ draft, text, focus }: { draft: Draft; text: Text; focus: boolean }) {
  const area = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    if (!focus) return;
    area.current?.focus();
    area.current?.setSelectionRange(0, 0);
  }, [focus]);
  return <textarea ref={area} className="compose-text" aria-label={t.writeHere} value={text.own} onChange={(e) => draft.change({ text: { ...text, own: e.target.value } })} />;
}
