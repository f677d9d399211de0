import { lazy, useEffect, useState } from "react";
import { t } from "../../locales/text.js";
import { kindBy, kindOf, mostOf, sizeOfPicture, type Kind } from "../../model/files/kinds.js";
import { Button } from "../../ui/Button.js";
import type { Item } from "./items.js";
import { Unshown, type Why } from "./unshown.js";
import type { Answer, Prepare } from "./Viewer.js";

/** What a view of one kind is given. It throws Unshown, or tells it, where it can't show the file. */
export interface ViewProps {
  item: Item;
  kind: Kind;
  octets: Uint8Array;
  onFail: (why: Why) => void;
  onPrepare: (prepare: Prepare) => void;
  /** Says whether the person did something that is lost with the view. */
  onHold: (held: boolean) => void;
  /** Answers with a file; undefined where nothing is answered. */
  onAnswer: Answer;
}

const PictureView = lazy(() => import("./PictureView.js").then((m) => ({ default: m.PictureView })));
const PdfView = lazy(() => import("./PdfView.js").then((m) => ({ default: m.PdfView })));
const TextView = lazy(() => import("./TextView.js").then((m) => ({ default: m.TextView })));
const OfficeView = lazy(() => import("./OfficeView.js").then((m) => ({ default: m.OfficeView })));
const CardView = lazy(() => import("./CardView.js").then((m) => ({ default: m.CardView })));
const CalendarView = lazy(() => import("./CalendarView.js").then((m) => ({ default: m.CalendarView })));
const WithinView = lazy(() => import("./WithinView.js").then((m) => ({ default: m.WithinView })));

const views: Partial<Record<Kind, React.ComponentType<ViewProps>>> = {
  picture: PictureView, heic: PictureView, tiff: OfficeView, pdf: PdfView, text: TextView, csv: OfficeView, word: OfficeView, sheet: OfficeView, openSheet: OfficeView, openText: OfficeView, slides: OfficeView,
  rtf: OfficeView, card: CardView, calendar: CalendarView, letter: WithinView, tnef: WithinView,
};

const mostPixels = 120_000_000;

interface Props {
  item: Item;
  onDownload: () => void;
  onPrepare: (prepare: Prepare) => void;
  onHold: (held: boolean) => void;
  onAnswer: Answer;
}

/** A file as its kind is shown, or why it is not. */
export function FileView({ item, onDownload, onPrepare, onHold, onAnswer }: Props) {
  const [loaded, setLoaded] = useState<{ octets: Uint8Array; kind: Kind }>();
  const [why, setWhy] = useState<Why>();
  useEffect(() => {
    const end = new AbortController();
    load(item, end.signal).then(setLoaded, (error: unknown) => {
      if (!end.signal.aborted) setWhy(error instanceof Unshown ? error.why : "away");
    });
    return () => end.abort();
  }, [item]);
  if (why) return <Not why={why} onDownload={onDownload} />;
  const View = loaded && views[loaded.kind];
  if (!loaded || !View) return <p className="viewer-says">{t.loading}</p>;
  return <View item={item} kind={loaded.kind} octets={loaded.octets} onFail={setWhy} onPrepare={onPrepare} onHold={onHold} onAnswer={onAnswer} />;
}

/** Reads a file that is not too long for its kind. Throws Unshown for what is not shown. */
async function load(item: Item, signal: AbortSignal): Promise<{ octets: Uint8Array; kind: Kind }> {
  const said = kindOf(item.type, item.name);
  if (said === "program" || said === "sound" || said === "archive") throw new Unshown(said);
  if (item.size > mostOf(said)) throw new Unshown("big");
  const octets = new Uint8Array(await (await item.load(signal)).arrayBuffer());
  const kind = kindBy(octets, said);
  if (octets.length > mostOf(kind)) throw new Unshown("big");
  if (!views[kind]) throw new Unshown(kind as Why);
  const [width = 0, height = 0] = (kind === "picture" && sizeOfPicture(octets)) || [];
  if (width * height > mostPixels) throw new Unshown("big");
  return { octets, kind };
}

export function Not({ why, onDownload }: { why: Why; onDownload: () => void }) {
  return (
    <div className="viewer-says" role="status">
      <p>{t.unshown[why]}</p>
      <Button label={t.download} icon="download" onClick={onDownload} />
    </div>
  );
}
