import { useEffect, useRef, useState } from "react";
import { t } from "../../locales/text.js";

const atFirst = 120;
const tallest = 20_000;

/** Shows HTML that was made harmless, in a frame without script; remote: it may load pictures from elsewhere. */
export function Frame({ html, remote, title }: { html: string; remote: boolean; title: string }) {
  const frame = useRef<HTMLIFrameElement>(null);
  const [height, setHeight] = useState(atFirst);
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    let sizes: ResizeObserver | undefined;
    const fill = () => {
      const page = element.contentDocument;
      if (!page?.body || page.URL === "about:blank") return;
      page.body.innerHTML = html;
      sizes?.disconnect();
      sizes = new ResizeObserver(() => setHeight(Math.min(Math.ceil(page.documentElement.scrollHeight), tallest)));
      sizes.observe(page.body);
    };
    element.addEventListener("load", fill);
    fill();
    return () => {
      element.removeEventListener("load", fill);
      sizes?.disconnect();
    };
  }, [html, remote]);
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
