import { useEffect, useRef } from "react";
import { t } from "../../locales/text.js";
import { Button } from "../../ui/Button.js";
import { Sidebar } from "./Sidebar.js";

interface Props {
  /** The page is too narrow for it: it comes over the rest, which can't be used meanwhile. */
  isDrawer: boolean;
  onClose: () => void;
}

/** The place of the mailboxes: beside the list, or a drawer over it. */
export function Drawer({ isDrawer, onClose }: Props) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!isDrawer) return;
    const before = document.activeElement;
    const here = box.current?.querySelector<HTMLElement>("[aria-current=page]") ?? box.current?.querySelector<HTMLElement>("a, button");
    here?.focus();
    return () => {
      if (before instanceof HTMLElement && (document.activeElement === document.body || box.current?.contains(document.activeElement))) before.focus();
    };
  }, [isDrawer]);
  const modal = isDrawer && ({ role: "dialog", "aria-modal": true, "aria-label": t.menu } as const);
  return (
    <>
      {isDrawer && <div className="side-back" onClick={onClose} />}
      <div ref={box} className="side" {...modal} onKeyDown={(e) => isDrawer && e.key === "Escape" && onClose()}>
        {isDrawer && (
          <div className="side-head">
            <Button label={t.close} icon="close" bare kind="plain" onClick={onClose} />
          </div>
        )}
        <Sidebar onChosen={onClose} />
      </div>
    </>
  );
}
