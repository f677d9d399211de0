// The page belongs to one person (Rules 6). Where somebody else logs in or out in this browser it shows nothing any more and leaves.

const tabs = new BroadcastChannel("haven"); // the portal's pages speak there too

/** Leaves to the log in, which leads back here. Nothing of the page stays on the screen. */
export function leave(): void {
  document.body.hidden = true;
  location.replace(`/log-in?next=${encodeURIComponent(location.pathname + location.search)}`);
}

/** Leaves when another tab is another person's, or nobody's. */
export function watchTabs(person: string): void {
  tabs.postMessage({ whose: person });
  tabs.addEventListener("message", ({ data }: MessageEvent<{ whose?: string; locked?: boolean }>) => {
    if ((data.whose !== undefined && data.whose !== person) || data.locked) leave();
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload(); // the browser had kept it from before a log out, perhaps
  });
}
