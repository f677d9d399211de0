const lookEvery = 30_000; // milliseconds: a machine that slept looks again soon

/** Shuts a page that was opened without the service once nobody did anything for so long, until the signal: nothing of it stays on the screen, and the passphrase is asked for again. */
export function shutAfter(seconds: number, signal: AbortSignal): void {
  if (!(seconds > 0)) return;
  let used = Date.now();
  for (const sign of ["pointerdown", "keydown", "wheel", "touchstart"]) addEventListener(sign, () => (used = Date.now()), { passive: true, capture: true, signal });
  const look = () => {
    if (signal.aborted) return;
    const left = used + seconds * 1000 - Date.now();
    if (left <= 0) shut();
    else setTimeout(look, Math.min(left, lookEvery));
  };
  look();
}

/** Shuts it now. */
export function shut(): void {
  document.body.hidden = true;
  location.reload();
}
