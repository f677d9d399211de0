import { useEffect, useState } from "react";
import { t } from "../../locales/text.js";
import { Button } from "../../ui/Button.js";
import type { ViewProps } from "./FileView.js";

const steps = [0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4];

/** A picture, which can be looked at closer and be turned. */
export function PictureView({ item, kind, octets, onFail }: ViewProps) {
  const [url, setUrl] = useState<string>();
  const [zoom, setZoom] = useState<number>(); // undefined: as large as there is room
  const [turns, setTurns] = useState(0);
  const [size, setSize] = useState<[number, number]>([0, 0]);
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([octets.slice().buffer], { type: kind === "heic" ? "image/heic" : typeBy(octets) }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [octets, kind]);
  const near = (by: number) => setZoom((now) => steps[Math.max(0, Math.min(steps.length - 1, (now === undefined ? 3 : steps.indexOf(now)) + by))] ?? 1);
  const lies = turns % 2 === 1;
  const [width, height] = size.map((n) => n * (zoom ?? 1)) as [number, number];
  const style = zoom === undefined ? { transform: `rotate(${turns * 90}deg)` } : { width, maxWidth: "none", transform: `rotate(${turns * 90}deg)`, margin: lies ? `${(width - height) / 2}px ${(height - width) / 2}px` : 0 };
  return (
    <>
      <div className="viewer-bar" role="toolbar" aria-label={t.picture}>
        <Button label={t.smaller} onClick={() => near(-1)} />
        <Button label={t.larger} onClick={() => near(1)} />
        <Button label={t.fit} aria-pressed={zoom === undefined} onClick={() => setZoom(undefined)} />
        <Button label={t.turn} onClick={() => setTurns((turns + 1) % 4)} />
      </div>
      <div className={`picture ${zoom === undefined ? "fit" : ""} ${lies ? "lies" : ""}`} tabIndex={0} role="group" aria-label={item.name}>
        {url && <img src={url} alt={item.name} style={style} onLoad={(e) => setSize([e.currentTarget.naturalWidth, e.currentTarget.naturalHeight])} onError={() => onFail(kind === "heic" ? "heic" : "broken")} />}
      </div>
    </>
  );
}

function typeBy(octets: Uint8Array): string {
  const types: Record<number, string> = { 0x89: "image/png", 0xff: "image/jpeg", 0x47: "image/gif", 0x52: "image/webp", 0x42: "image/bmp" };
  return types[octets[0] ?? 0] ?? "image/avif";
}
