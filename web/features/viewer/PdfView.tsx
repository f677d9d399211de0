import { AnnotationMode, getDocument, GlobalWorkerOptions, TextLayer, type PageViewport, type PDFDocumentProxy, type PDFPageProxy } from "pdfjs-dist/legacy/build/pdf.mjs";
import workerUrl from "pdfjs-dist/legacy/build/pdf.worker.min.mjs?url";
import { useEffect, useRef, useState } from "react";
import { t } from "../../locales/text.js";
import { fieldsOf, type Field } from "../../model/files/fields.js";
import { Button } from "../../ui/Button.js";
import type { ViewProps } from "./FileView.js";
import { Filled } from "./filled.js";
import { FormBar } from "./FormBar.js";
import { PdfFields } from "./PdfFields.js";
import { pdfParts } from "./pdfParts.js";

GlobalWorkerOptions.workerSrc = workerUrl;

const patience = 20_000; // milliseconds until it shows its first page
const mostPages = 500;
const printedAtMost = 100;
const mostPixels = 16_000_000; // of one page
const zooms = [0.5, 0.75, 1, 1.25, 1.5, 2, 3];

/** Whether a PDF is a form: one whose fields can be filled in here, or one of a kind that only its maker's programs know. */
type Form = { filled: Filled; works: boolean } | "foreign" | undefined;

async function formOf(pdf: PDFDocumentProxy): Promise<Form> {
  const fields = await pdf.getFieldObjects();
  if (fields && (!(fields instanceof Map) || fields.size > 0)) return { filled: new Filled(pdf), works: await pdf.hasJSActions() };
  const { info } = await pdf.getMetadata();
  return (info as { IsXFAPresent?: boolean }).IsXFAPresent ? "foreign" : undefined;
}

/** A PDF, whose pages are drawn as they are scrolled to. Its text can be chosen and searched, and its form filled in; its scripts do not run, and its links lead nowhere. */
export function PdfView({ item, octets, onFail, onPrepare, onHold, onAnswer }: ViewProps) {
  const [pdf, setPdf] = useState<PDFDocumentProxy>();
  const [form, setForm] = useState<Form>();
  const [first, setFirst] = useState<[width: number, height: number]>([595, 842]);
  const [zoom, setZoom] = useState(1);
  const all = useRef<HTMLDivElement>(null);
  const room = useWidth(all);
  useEffect(() => {
    const task = getDocument({
      data: octets.slice(), isEvalSupported: false, enableXfa: false, disableAutoFetch: true, stopAtErrors: false, maxImageSize: mostPixels * 4,
      useSystemFonts: false, standardFontDataUrl: pdfParts, wasmUrl: pdfParts, cMapUrl: pdfParts, cMapPacked: true,
    } as Parameters<typeof getDocument>[0]);
    let over = false;
    const fail = (why: "slow" | "broken" | "locked") => {
      if (!over) onFail(why);
      over = true;
      void task.destroy();
    };
    const timer = setTimeout(() => fail("slow"), patience);
    task.onPassword = () => fail("locked");
    task.promise
      .then(async (opened) => {
        const { width, height } = (await opened.getPage(1)).getViewport({ scale: 1 });
        const found = await formOf(opened).catch(() => undefined);
        if (over) return;
        setForm(found);
        clearTimeout(timer);
        setFirst([width, height]);
        setPdf(opened);
      })
      .catch((error: Error) => fail(error.name === "PasswordException" ? "locked" : "broken"));
    return () => {
      over = true;
      clearTimeout(timer);
      void task.destroy();
    };
  }, [octets, onFail]);
  const drawAll = useRef(new Map<number, Draw>());
  useEffect(() => {
    if (!pdf) return;
    onPrepare(async () => {
      for (const draw of [...drawAll.current.values()].slice(0, printedAtMost)) await draw(true); // with what was filled in since
    });
  }, [pdf, onPrepare]);
  const filled = typeof form === "object" ? form.filled : undefined;

  const count = Math.min(pdf?.numPages ?? 0, mostPages);
  const scale = Math.max(0.1, (Math.min(room, 900) / first[0]) * zoom);
  const near = (by: number) => setZoom(zooms[Math.max(0, Math.min(zooms.length - 1, zooms.indexOf(zoom) + by))] ?? 1);
  return (
    <div ref={all} className="pdf">
      {!pdf && <p className="viewer-says">{t.loading}</p>}
      {pdf && (
        <div className="viewer-bar" role="toolbar" aria-label={t.pages(pdf.numPages)}>
          <Button label={t.smaller} onClick={() => near(-1)} />
          <Button label={t.larger} onClick={() => near(1)} />
          <span>{t.pages(pdf.numPages)}</span>
        </div>
      )}
      {form === "foreign" && <p className="notice">{t.foreignForm}</p>}
      {typeof form === "object" && <FormBar filled={form.filled} works={form.works} name={item.name} onHold={onHold} onAnswer={onAnswer} />}
      {pdf && pdf.numPages > count && <p className="notice">{t.shownInPart}</p>}
      {pdf && room > 0 && (
        <div className="pdf-pages" tabIndex={0} role="group" aria-label={t.pages(pdf.numPages)}>
          {Array.from({ length: count }, (_, i) => (
            <Page key={i} pdf={pdf} number={i + 1} count={pdf.numPages} scale={scale} size={first} all={drawAll.current} filled={filled} />
          ))}
        </div>
      )}
    </div>
  );
}

/** How wide there is room. */
function useWidth(of: React.RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = of.current;
    if (!element) return;
    const sizes = new ResizeObserver(([entry]) => entry && setWidth(Math.floor(entry.contentRect.width)));
    sizes.observe(element);
    return () => sizes.disconnect();
  }, [of]);
  return width;
}

interface PageProps {
  pdf: PDFDocumentProxy;
  number: number;
  count: number;
  scale: number;
  /** Of the first page: what is not drawn yet is taken to be as large. */
  size: [number, number];
  all: Map<number, Draw>;
  filled: Filled | undefined;
}

/** Draws a page, if it is not yet; anew says that it is to be drawn though it is. */
type Draw = (anew?: boolean) => Promise<void>;

function Page({ pdf, number, count, scale, size, all, filled }: PageProps) {
  const box = useRef<HTMLDivElement>(null);
  const [own, setOwn] = useState<[number, number]>();
  const [form, setForm] = useState<{ fields: readonly Field[]; viewport: PageViewport }>();
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    let end = new AbortController();
    let drawing: Promise<void> | undefined;
    const draw: Draw = (anew) => {
      if (anew) drawing = undefined;
      return (drawing ??= pdf.getPage(number).then(async (page) => {
        const { width, height } = page.getViewport({ scale: 1 });
        setOwn([width, height]);
        if (filled) {
          const fields = fieldsOf((await page.getAnnotations({ intent: "display" })) as Record<string, unknown>[]);
          filled.know(fields);
          setForm({ fields, viewport: page.getViewport({ scale }) });
        }
        await drawn(page, element, scale, end.signal);
      }).catch(() => {})); // it was scrolled away, or can't be drawn: its place stays white
    };
    all.set(number, draw);
    const seen = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting) void draw();
        else if (drawing) { // what is far away gives its room back
          end.abort();
          end = new AbortController();
          drawing = undefined;
          element.replaceChildren();
        }
      },
      { rootMargin: "150% 0px" },
    );
    seen.observe(element);
    return () => {
      seen.disconnect();
      all.delete(number);
      end.abort();
      element.replaceChildren();
    };
  }, [pdf, number, scale, all, filled]);
  const [width, height] = own ?? size;
  return (
    <div className="pdf-page" role="region" aria-label={t.page(number, count)} style={{ width: width * scale, height: height * scale, "--total-scale-factor": scale } as React.CSSProperties}>
      <div ref={box} className="pdf-drawn" />
      {filled && form && <PdfFields fields={form.fields} filled={filled} viewport={form.viewport} />}
    </div>
  );
}

/** Draws a page with its text over it. */
async function drawn(page: PDFPageProxy, into: HTMLElement, scale: number, signal: AbortSignal): Promise<void> {
  const viewport = page.getViewport({ scale });
  const finer = Math.min(devicePixelRatio, 2, Math.sqrt(mostPixels / (viewport.width * viewport.height)));
  const canvas = document.createElement("canvas");
  canvas.width = Math.floor(viewport.width * finer);
  canvas.height = Math.floor(viewport.height * finer);
  const task = page.render({ canvas, viewport, transform: [finer, 0, 0, finer, 0, 0], annotationMode: AnnotationMode.ENABLE_STORAGE });
  signal.addEventListener("abort", () => task.cancel());
  await task.promise;
  const text = document.createElement("div");
  text.className = "textLayer";
  const layer = new TextLayer({ textContentSource: page.streamTextContent(), container: text, viewport });
  signal.addEventListener("abort", () => layer.cancel());
  await layer.render();
  if (!signal.aborted) into.replaceChildren(canvas, text);
}
