import { useEffect, useId, useRef, type ReactNode } from "react";
import { t } from "../locales/text.js";
import { Button } from "./Button.js";
import "./dialog.css";

interface Props {
  title: string;
  onClose: () => void;
  children: ReactNode;
  wide?: boolean;
}

/** A dialog that is to be answered before anything else. The focus begins at what has data-focus, stays in it, and goes back where it was. */
export function Dialog({ title, onClose, children, wide }: Props) {
  const box = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const before = document.activeElement;
    box.current?.showModal();
    const first = box.current?.querySelector<HTMLElement>("[data-focus]"); // the browser begins at the cross
    first?.focus();
    if (first instanceof HTMLInputElement) first.select();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={box}
      className={`dialog ${wide ? "wide" : ""}`}
      aria-labelledby={heading}
      onCancel={(e) => {
        e.preventDefault();
        onClose();
      }}
      onKeyDown={(e) => e.stopPropagation()}
      onMouseDown={(e) => e.target === box.current && onClose()}
    >
      <div className="dialog-body">
        <div className="dialog-head">
          <h2 id={heading}>{title}</h2>
          <Button label={t.close} icon="close" bare kind="plain" onClick={onClose} />
        </div>
        {children}
      </div>
    </dialog>
  );
}
