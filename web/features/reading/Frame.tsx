import { useEffect, useRef, useState } from "react";
import { isWeb } from "../../model/linkrules.js";
import { linkOf, mailtoOf, type Asked } from "../../model/links.js";
import { t } from "../../locales/text.js";
import { Button } from "../../ui/Button.js";
import { useLinks, type Links } from "./useLinks.js";

const atFirst = 80;
const tallest = 20_000;
const smallest = 0.75; // as much of their size as letters keep that are made a little too wide

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
  const found = useLinks();
  const links = useRef(found);
  links.current = found;
  const [height, setHeight] = useState(atFirst);
  const [failed, setFailed] = useState(false);
  const [times, setTimes] = useState(0);
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    let end = new AbortController();
    const fill = () => {
      const page = element.contentDocument;
      if (page?.URL === "about:blank") return; // it is on its way
      if (page?.title !== "Letter") return setFailed(true); // the service did not answer: there is an error of the browser's, or another page
      setFailed(false);
      end.abort();
      end = new AbortController();
      page.body.replaceChildren(page.importNode(content, true));
      block(page, links.current);
      follow(page, setHeight, end.signal);
      listen(element, page, () => mailto.current, () => links.current, end.signal);
    };
    element.addEventListener("load", fill);
    fill();
    return () => {
      element.removeEventListener("load", fill);
      end.abort();
    };
  }, [content, remote, times, found.rules]);
  const shown = (
    <iframe
      ref={frame}
      key={`${remote} ${times}`}
      className="letter-frame"
      title={title || t.body("")}
      src={remote ? "/mail/frame-pictures" : "/mail/frame"}
      sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"
      style={{ height: failed ? 0 : height }}
    />
  );
  return (
    <>
      {failed && (
        <p className="notice pictures" role="alert">
          <span>{t.frameFailed}</span> <Button label={t.retry} onClick={() => setTimes(times + 1)} />
        </p>
      )}
      {shown}
    </>
  );
}

/** Keeps the frame as tall as what it shows. What is taller than a browser can draw scrolls in it; what is wide is reached by key, too. */
function follow(page: Document, setHeight: (height: number) => void, signal: AbortSignal): void {
  const { body, documentElement } = page;
  const measure = () => {
    const box = body.querySelector<HTMLElement>(".letter-body");
    if (box) {
      box.style.setProperty("zoom", "");
      const fits = body.clientWidth / body.scrollWidth;
      if (fits < 1 && fits >= smallest) box.style.setProperty("zoom", String(Math.floor(fits * 1000) / 1000));
    }
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
function listen(element: HTMLIFrameElement, page: Document, write: () => Props["onMailto"], links: () => Links, signal: AbortSignal): void {
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
  const chosen = (e: MouseEvent) => {
    const a = (e.target as Element | null)?.closest?.("a[href]"); // the frame's elements are none of this page's classes
    const url = a && linkOf(a.getAttribute("href") ?? "");
    if (url && isWeb(url) && e.button < 2) {
      e.preventDefault();
      return links().follow(url);
    }
    const open = url?.protocol === "mailto:" && e.type === "click" ? write() : undefined;
    if (!url || !open) return; // the browser asks a mail program
    e.preventDefault();
    open(mailtoOf(url));
  };
  page.addEventListener("click", chosen, { signal });
  page.addEventListener("auxclick", chosen, { signal }); // with the middle button
}

/** Takes from links where head office lets nobody go what would lead there, and says why. */
function block(page: Document, { blocked }: Links): void {
  for (const a of page.querySelectorAll("a[href]")) {
    const url = linkOf(a.getAttribute("href") ?? "");
    const why = url && blocked(url);
    if (why === undefined) continue;
    for (const name of ["href", "title", "target"]) a.removeAttribute(name);
    const note = page.createElement("span");
    note.className = "haven-elsewhere";
    note.textContent = why;
    a.after(note);
  }
}
