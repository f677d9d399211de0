import { t } from "../../locales/text.js";
import type { LetterFile } from "../../model/content.js";
import { sizeText } from "../../model/sizes.js";
import type { Draft, DraftNow } from "../../store/draft.js";
import { Button } from "../../ui/Button.js";
import { Icon } from "../../ui/Icon.js";

/** The files of a letter: those that are there, and how far the others are. */
export function Files({ draft, now }: { draft: Draft; now: DraftNow }) {
  const shown = now.content.files.filter((f) => !f.cid || now.content.text.format === "plain");
  if (shown.length === 0) return null;
  const total = shown.reduce((sum, f) => sum + f.size, 0);
  return (
    <section className="files" aria-label={t.filesOfLetter}>
      <ul role="list">
        {shown.map((f) => (
          <FileItem key={f.key} draft={draft} file={f} going={now.files.get(f.key)} />
        ))}
      </ul>
      {shown.length > 1 && <small>{t.filesTotal(shown.length, sizeText(total))}</small>}
    </section>
  );
}

interface ItemProps {
  draft: Draft;
  file: LetterFile;
  going: { sent: number } | { failed: string } | undefined;
}

function FileItem({ draft, file, going }: ItemProps) {
  const failed = going && "failed" in going ? going.failed : undefined;
  return (
    <li className={`file ${failed !== undefined ? "failed" : ""}`}>
      <Icon name="attach" />
      <span className="file-name" title={file.name}>
        {file.name}
      </span>
      <small>{sizeText(file.size)}</small>
      {going && "sent" in going && file.size > 0 && <progress max={file.size} value={Math.min(going.sent, file.size)} aria-label={t.uploading(file.name)} />}
      {failed !== undefined && (
        <>
          <span className="file-failed" role="alert">
            {t.uploadFailed(failed)}
          </span>
          <Button label={t.retry} kind="plain" onClick={() => draft.retry(file.key)} />
        </>
      )}
      <button type="button" className="chip-drop" aria-label={file.blobId === null && failed === undefined ? t.cancelUpload(file.name) : t.remove1(file.name)} onClick={() => draft.detach(file.key)}>
        <Icon name="close" />
      </button>
    </li>
  );
}
