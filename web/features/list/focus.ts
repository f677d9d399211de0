// Where the focus is in a list of which only some lines are drawn.

import { useLayoutEffect, useRef, type FocusEvent, type RefObject } from "react";

type Scroller = RefObject<HTMLDivElement | null>;

/** Which line something of the page is in. */
export function indexOf(at: Element | null): number | undefined {
  const index = at?.closest<HTMLElement>("[data-index]")?.dataset.index;
  return index === undefined ? undefined : Number(index);
}

/** When the line that had the focus leaves the list, another one gets it: else somebody at the keyboard starts again at the top of the page. */
export function useFocusKept(scroller: Scroller, reached: (index: number) => void, again: () => void, enter: () => void) {
  const had = useRef(false);
  useLayoutEffect(() => {
    if (!had.current || document.activeElement !== document.body || !scroller.current) return;
    if (getComputedStyle(scroller.current).visibility === "visible") again();
  });
  return {
    onFocus: ({ target }: FocusEvent) => {
      had.current = true;
      const index = indexOf(target);
      if (index !== undefined) reached(index);
      else if (target === scroller.current) enter(); // the line that the focus was at is not drawn: somebody scrolled away from it
    },
    onBlur: ({ target }: FocusEvent) => {
      queueMicrotask(() => {
        if (target.isConnected && !scroller.current?.contains(document.activeElement)) had.current = false; // somebody went elsewhere
      });
    },
  };
}

/** Gives the focus to a line that is drawn in a moment, once the list has scrolled to it. */
export function focusOnceDrawn(scroller: Scroller, index: number, frames = 10) {
  const line = scroller.current?.querySelector<HTMLElement>(`[data-index="${index}"]`);
  if (line) line.focus({ preventScroll: true });
  else if (frames > 0) requestAnimationFrame(() => focusOnceDrawn(scroller, index, frames - 1));
}
