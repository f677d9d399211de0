import { useEffect, useMemo, useRef } from "react";
import { keptText } from "../../actions/record.js";
import { t } from "../../locales/text.js";
import { sizeText } from "../../model/sizes.js";
import { Button } from "../../ui/Button.js";
import { Icon } from "../../ui/Icon.js";
import type { Ready } from "./order.js";

export interface Result {
  ready: Ready;
  keepUntil: string;
}

/** That it is filed, and the files once more. */
export function FiledResult({ result: { ready, keepUntil }, isShared, onClose }: { result: Result; isShared: boolean; onClose: () => void }) {
  const files = useMemo(
    () => [...(ready.zip ? [ready.zip] : []), ...ready.files].map((f) => ({ name: f.name, label: t.fileKinds[f.type] ?? f.name, size: f.octets.length, url: URL.createObjectURL(new Blob([f.octets as Uint8Array<ArrayBuffer>], { type: "application/octet-stream" })) })),
    [ready],
  );
  const buttons = useRef<HTMLDivElement>(null);
  useEffect(() => buttons.current?.querySelector("button")?.focus(), []); // the button that was pressed is not there any more
  useEffect(() => () => files.forEach((f) => URL.revokeObjectURL(f.url)), [files]);
  return (
    <>
      <p role="status">
        <strong>{t.isFiled(keptText(keepUntil))}</strong> {t.putIntoRecord}
      </p>
      {ready.lost > 0 && <p className="notice">{t.signsLost(ready.lost)}</p>}
      <div>
        <p>{t.downloadAgain}</p>
        <ul className="record-files">
          {files.map((f) => (
            <li key={f.name}>
              <a href={f.url} download={f.name}>
                <Icon name="download" />
                <span>{f.label}</span>
              </a>
              <small>{sizeText(f.size)}</small>
            </li>
          ))}
        </ul>
      </div>
      {isShared && <p className="notice">{t.sharedDownloads}</p>}
      <div ref={buttons} className="dialog-buttons">
        <Button label={t.close} kind="primary" onClick={onClose} />
      </div>
    </>
  );
}
