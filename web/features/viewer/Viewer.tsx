import { Suspense, useEffect, useId, useLayoutEffect, useRef, useState, type KeyboardEvent } from "react";
import { t } from "../../locales/text.js";
import { sizeText } from "../../model/sizes.js";
import { Button } from "../../ui/Button.js";
import { useMail } from "../../ui/mail.js";
import { FileView } from "./FileView.js";
import { save, type Item } from "./items.js";
import { paperOf, print } from "./paper.js";
import "./viewer.css";

interface Props {
  items: readonly Item[];
  first: number;
  onClose: () => void;
  onAnswer?: Answer;
}

/** Answers the letter with a file that was made of one of its own. */
export type Answer = ((file: File) => void) | undefined;

/** Makes ready for paper what is drawn only when it is looked at. */
export type Prepare = (() => Promise<void>) | undefined;

/** Shows files inside the page, one at a time. Nothing of them runs, and nothing leaves the service. */
export function Viewer({ items, first, onClose, onAnswer }: Props) {
  const { questions } = useMail();
  const dialog = useRef<HTMLDialogElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const prepare = useRef<Prepare>(undefined);
  const held = useRef(false);
  const heading = useId();
  const [at, setAt] = useState(first);
  const [failed, setFailed] = useState("");
  const item = items[at] as Item;
  useLayoutEffect(() => {
    const element = dialog.current;
    if (element && !element.open) {
      element.showModal();
      element.focus(); // its title is read out, and its keys work
    }
    return () => element?.close(); // while it still stands there, so that the browser gives the focus back to what had it
  }, []);
  useEffect(() => {
    content.current?.scrollTo(0, 0);
    prepare.current = undefined;
    held.current = false;
    setFailed("");
  }, [at]);

  /** Goes on, unless something would be lost that the person wants to keep. */
  const leave = async (then: () => void) => {
    if (!held.current || (await questions.ask({ title: t.leaveFormTitle, text: t.leaveFormText, yes: t.leaveForm, grave: true }))) then();
  };
  const close = () => void leave(onClose);
  const step = (by: number) => {
    const to = Math.max(0, Math.min(items.length - 1, at + by));
    if (to !== at) void leave(() => setAt(to));
  };
  const onKeyDown = (e: KeyboardEvent) => {
    e.stopPropagation(); // the page's own keys wait
    if ((e.ctrlKey || e.metaKey) && !e.shiftKey && !e.altKey && e.key.toLowerCase() === "p") {
      e.preventDefault();
      onPaper();
      return;
    }
    if (e.target !== dialog.current && !(e.target instanceof HTMLButtonElement)) return;
    if (e.key === "ArrowLeft") step(-1);
    else if (e.key === "ArrowRight") step(1);
    else return;
    e.preventDefault();
  };
  const attempt = (what: () => Promise<void>) => () => {
    setFailed("");
    what().catch((error: unknown) => setFailed(t.wentWrong(error instanceof Error ? error.message : "")));
  };
  const download = attempt(async () => save(await item.load(new AbortController().signal), item.name));
  const onPaper = attempt(async () => {
    await prepare.current?.();
    if (content.current) await print(await paperOf(content.current), item.name);
  });
  return (
    <dialog
      ref={dialog}
      className="viewer"
      role="dialog"
      aria-labelledby={heading}
      tabIndex={-1}
      onKeyDown={onKeyDown}
      onCancel={(e) => {
        e.preventDefault();
        close();
      }}
    >
      <header className="viewer-head">
        <h2 id={heading}>
          {item.name} <small>{sizeText(item.size)}</small>
        </h2>
        <div className="viewer-tools" role="toolbar" aria-label={item.name}>
          {items.length > 1 && (
            <>
              <Button label={t.previousFile} icon="back" bare kind="plain" aria-disabled={at === 0} onClick={() => step(-1)} />
              <span className="viewer-at">{t.fileOf(at + 1, items.length)}</span>
              <Button className="next" label={t.nextFile} icon="back" bare kind="plain" aria-disabled={at === items.length - 1} onClick={() => step(1)} />
            </>
          )}
          <Button label={t.download} icon="download" bare kind="plain" onClick={download} />
          <Button label={t.print} icon="print" bare kind="plain" onClick={onPaper} />
          <Button label={t.close} icon="close" bare kind="plain" onClick={close} />
        </div>
      </header>
      {failed && (
        <p className="notice" role="alert">
          {failed}
        </p>
      )}
      <div ref={content} className="viewer-content">
        <Suspense fallback={<p className="viewer-says">{t.loading}</p>}>
          <FileView key={at} item={item} onDownload={download} onPrepare={(p) => (prepare.current = p)} onHold={(h) => (held.current = h)} onAnswer={onAnswer} />
        </Suspense>
      </div>
    </dialog>
  );
}
