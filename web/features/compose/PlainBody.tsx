import { useEffect, useLayoutEffect, useRef } from "react";
import { t } from "../../locales/text.js";
import type { Text } from "../../model/content.js";
import type { Draft } from "../../store/draft.js";

/** A plain text. */
export function PlainBody({ draft, text, focus }: { draft: Draft; text: Text; focus: boolean }) {
  const area = useRef<HTMLTextAreaElement>(null);
  const own = text.own.replaceAll("\r\n", "\n");
  useLayoutEffect(() => {
    if (area.current && area.current.value !== own) area.current.value = own; // what was put into it otherwise than by typing
  });
  useEffect(() => {
    if (!focus) return;
    area.current?.focus();
    area.current?.setSelectionRange(0, 0);
  }, [focus]);
  const onInput = ({ currentTarget: { value } }: React.FormEvent<HTMLTextAreaElement>) => draft.typed(() => value);
  return <textarea ref={area} className="compose-text" aria-label={t.writeHere} onInput={onInput} />;
}
