import { useEffect, useMemo, useRef, useState } from "react";
import { t } from "../../locales/text.js";
import type { Kind } from "../../model/files/kinds.js";
import type { Block, Sheet } from "../../model/files/parts.js";
import { Frame } from "../reading/Frame.js";
import { isTooMuch, sanitise } from "../reading/sanitise.js";
import type { ViewProps } from "./FileView.js";
import { SheetView } from "./SheetView.js";
import { Unshown } from "./unshown.js";
import { read, type Task } from "./work.js";

interface Page {
  width: number;
  height: number;
  pixels: Uint8ClampedArray<ArrayBuffer>;
}

/** What a worker makes of a file: a table, paragraphs, HTML, or pixels. */
export function OfficeView({ item, kind, octets, onFail }: ViewProps) {
  const [made, setMade] = useState<unknown>();
  useEffect(() => {
    const end = new AbortController();
    const task = kind === "slides" ? { does: kind, octets, slide: t.slide } : ({ does: kind, octets } as Task);
    read<unknown>(task as Task, end.signal).then(setMade, (error: unknown) => {
      if (!end.signal.aborted) onFail(error instanceof Unshown ? error.why : "broken");
    });
    return () => end.abort();
  }, [kind, octets, onFail]);
  if (made === undefined) return <p className="viewer-says">{t.loading}</p>;
  if (isTable(kind)) return <SheetView sheets={made as Sheet[]} name={item.name} />;
  if (kind === "word") return <Word html={made as string} name={item.name} />;
  if (kind === "tiff") return (made as Page[]).map((p, i) => <Pixels key={i} page={p} name={`${item.name}, ${i + 1}`} />);
  return <Blocks blocks={made as Block[]} name={item.name} />;
}

function isTable(kind: Kind): boolean {
  return kind === "sheet" || kind === "openSheet" || kind === "csv";
}

function Word({ html, name }: { html: string; name: string }) {
  const clean = useMemo(() => (isTooMuch(html) ? undefined : sanitise(html, { inline: () => undefined, remote: false, leadsElsewhere: t.leadsElsewhere, showQuoted: t.showQuoted })), [html]);
  return (
    <>
      <p className="viewer-note">{t.plainLook}</p>
      <div className="paper" tabIndex={-1}>
        {clean ? <Frame content={clean.content} remote={false} title={name} /> : <p className="viewer-says">{t.unshown.big}</p>}
      </div>
    </>
  );
}

function Blocks({ blocks, name }: { blocks: readonly Block[]; name: string }) {
  return (
    <>
      <p className="viewer-note">{t.textAlone}</p>
      <div className="paper blocks" role="document" aria-label={name} tabIndex={0}>
        {blocks.map((b, i) => {
          if (b.level > 0) return <p key={i} role="heading" aria-level={b.level + 2} className={`block-heading h${b.level}`}>{b.text}</p>;
          return (
            <p key={i} className={b.item ? "block-item" : undefined}>
              {b.text}
            </p>
          );
        })}
      </div>
    </>
  );
}

function Pixels({ page, name }: { page: Page; name: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    canvas.current?.getContext("2d")?.putImageData(new ImageData(page.pixels, page.width, page.height), 0, 0);
  }, [page]);
  return <canvas ref={canvas} className="pixels" width={page.width} height={page.height} role="img" aria-label={name} />;
}
