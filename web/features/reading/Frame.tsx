import { useEffect, useRef, useState } from "react";
import { linkOf, mailtoOf, type Asked } from "../../model/links.js";
import { t } from "../../locales/text.js";

const atFirst = 80;
const tallest = 20_000;

interface Props {
  /** What was made harmless. */
  content: DocumentFragment;
  /** It may load pictures from elsewhere. */
  remote: boolean;
  title: string;
  /** Somebody chose an address in it to write to. */
  onMailto?: ((asked: Asked) => void) | undefined;
}

/** Shows HTML that was made harmless, in a frame without script. It is as tall as what it shows; what is wide scrolls in it. */
export function Frame({ content, remote, title, onMailto }: Props) {
  const frame = useRef<HTMLIFrameElement>(null);
  const mailto = useRef(onMailto);
  mailto.current = onMailto;
  const [height, setHeight] = useState(atFirst);
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    let end = new AbortController();
    const fill = () => {
      const page = element.contentDocument;
      if (!page?.body || page.URL === "about:blank") return;
      end.abort();
      end = new AbortController();
      page.body.replaceChildren(page.importNode(content, true));
      follow(page, setHeight, end.signal);
      listen(element, page, (asked) => mailto.current?.(asked), end.signal);
    };
    element.addEventListener("load", fill);
    fill();
    return () => {
      element.removeEventListener("load", fill);
      end.abort();
    };
  }, [content, remote]);
  return (
    <iframe
      ref={frame}
      key={String(remote)}
      className="letter-frame"
      title={title || t.body("")}
      src={remote ? "/mail/frame-pictures" : "/mail/frame"}
      sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"
      style={{ height }}
    />
  );
}

/** Keeps the frame as tall as what it shows. What is taller than a browser can draw scrolls in it; what is wide is reached by key, too. */
function follow(page: Document, setHeight: (height: number) => void, signal: AbortSignal): void {
  const { body, documentElement } = page;
  const measure = () => {
    const height = Math.ceil(body.getBoundingClientRect().height);
    setHeight(Math.min(height, tallest));
    documentElement.classList.toggle("long", height > tallest);
    if (body.scrollWidth > body.clientWidth) body.tabIndex = 0;
    else body.removeAttribute("tabindex");
  };
  const sizes = new ResizeObserver(measure);
  sizes.observe(body);
  signal.addEventListener("abort", () => sizes.disconnect());
}

/** Gives keys that are pressed in the frame to the page, so that its commands work; Escape leads back to it. */
function listen(element: HTMLIFrameElement, page: Document, write: (asked: Asked) => void, signal: AbortSignal): void {
  page.addEventListener(
    "keydown",
    (e) => {
      if (e.key === "Tab") return;
      if (e.key === "Escape") {
        element.closest<HTMLElement>("[tabindex]")?.focus();
        e.preventDefault();
        return;
      }
      const { key, code, ctrlKey, metaKey, shiftKey, altKey } = e;
      if ((key === "Enter" || key === " ") && page.activeElement !== page.body) return; // it is for the link
      if (!element.dispatchEvent(new KeyboardEvent("keydown", { key, code, ctrlKey, metaKey, shiftKey, altKey, bubbles: true, cancelable: true }))) e.preventDefault();
    },
    { signal },
  );
  page.addEventListener(
    "click",
    (e) => {
      const a = (e.target as Element | null)?.closest?.("a[href]"); // the frame's elements are none of this page's classes
      const url = a && linkOf(a.getAttribute("href") ?? "");
      if (url?.protocol !== "mailto:") return;
      e.preventDefault();
      write(mailtoOf(url));
    },
    { signal },
  );
}
