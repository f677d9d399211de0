import { useEffect, useLayoutEffect, useRef, type HTMLAttributes, type ReactNode } from "react";

/** Where something opens: below what has this place, or at a point. */
export interface Anchor {
  x: number;
  y: number;
  width: number;
  height: number;
}

interface Props extends HTMLAttributes<HTMLDivElement> {
  anchor: Anchor;
  onClose: () => void;
  children: ReactNode;
}

const edge = 8; // pixels that stay free at the edges of the window

/** A box above the page, near what opened it. It closes by Escape, by a press elsewhere, and when the focus leaves it; the focus goes back where it was. */
export function Popover({ anchor, onClose, children, className = "", ...rest }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const close = useRef(onClose);
  close.current = onClose;

  useLayoutEffect(() => {
    const at = box.current;
    if (!at) return;
    const { width, height } = at.getBoundingClientRect();
    const below = anchor.y + anchor.height + 4;
    const top = below + height + edge <= innerHeight ? below : anchor.y - height - 4;
    at.style.left = `${Math.max(edge, Math.min(anchor.x, innerWidth - width - edge))}px`;
    at.style.top = `${Math.max(edge, Math.min(top, innerHeight - height - edge))}px`;
  }, [anchor]);

  useEffect(() => {
    const before = document.activeElement;
    const at = box.current;
    const press = (e: Event) => !at?.contains(e.target as Node) && close.current();
    const shut = () => close.current();
    addEventListener("pointerdown", press, true);
    addEventListener("resize", shut);
    addEventListener("popstate", shut);
    return () => {
      removeEventListener("pointerdown", press, true);
      removeEventListener("resize", shut);
      removeEventListener("popstate", shut);
      const lost = document.activeElement === document.body || at?.contains(document.activeElement);
      if (lost && before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);

  return (
    <div
      ref={box}
      className={`popover floating ${className}`}
      {...rest}
      onKeyDown={(e) => {
        rest.onKeyDown?.(e);
        if (e.key === "Escape") onClose();
        e.stopPropagation(); // nothing that is pressed here is a command of the page
        e.nativeEvent.stopImmediatePropagation();
      }}
      onBlur={(e) => {
        if (e.relatedTarget instanceof Node && !e.currentTarget.contains(e.relatedTarget)) onClose();
      }}
    >
      {children}
    </div>
  );
}
