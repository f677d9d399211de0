import { useMemo } from "react";
import { t } from "../../locales/text.js";
import { most } from "../../model/files/parts.js";
import { decodedText } from "../../model/files/texts.js";
import type { ViewProps } from "./FileView.js";

/** A text as it stands; HTML, too, is shown as what was written. */
export function TextView({ item, octets }: ViewProps) {
  const text = useMemo(() => decodedText(octets), [octets]);
  return (
    <>
      {text.length > most.letters && <p className="notice">{t.shownInPart}</p>}
      <pre className="viewer-text" tabIndex={0} aria-label={item.name}>
        {text.slice(0, most.letters)}
      </pre>
    </>
  );
}
