// The page belongs to one person (Rules 6). Where somebody else logs in or out in this browser, or nobody does anything for some time, nothing of it stays on the screen.

import { RequestError, type Session } from "../jmap/client.js";
import { isOver } from "../model/ends.js";
import { forgetSoon } from "../store/forget.js";
import { beforeLeaving } from "../store/leaving.js";

const tabs = new BroadcastChannel("haven"); // the portal's pages speak there too

interface Said {
  /** Whose a page is: "" for nobody's. */
  whose?: string;
  /** The session was locked. */
  locked?: boolean;
  /** When the person did something last. */
  used?: number;
}

/** The address that leads back to what is open. */
function here(): string {
  return location.pathname + location.search;
}

/** Leaves for another page. Nothing of this one stays on the screen; where the log in is over nothing stays in the browser. */
function leaveFor(path: string, over = false): void {
  const saved = beforeLeaving();
  document.body.hidden = true;
  if (over) void saved.then(forgetSoon).finally(() => location.replace(path));
  else location.replace(path);
}

/** Leaves to the log in, or to the page that unlocks, which lead back here. */
export function leave(over = false): void {
  leaveFor(`/log-in?next=${encodeURIComponent(here())}`, over);
}

/** Rules by which the pages ask for something before there is any mail: a new password, the rules of use, the second step. */
const asked: Record<string, string> = { "session.changes": "/mailboxes", "activation.policy": "/mailboxes", "session.pending": "/log-in/code" };

/** Leaves where the service says that nobody is logged in, or that something comes first. False: it says something else. */
export function leaveAfter(error: unknown): boolean {
  if (!(error instanceof RequestError) || (error.status !== 401 && error.status !== 403)) return false;
  leaveFor(`${asked[error.rule ?? ""] ?? "/log-in"}?next=${encodeURIComponent(here())}`, isOver(error.status, error.rule));
  return true;
}

/** Has the pages do something that ends or locks the session. */
async function tell(session: Session, action: "/lock" | "/log-out"): Promise<void> {
  await fetch(action, { method: "POST", headers: { "Haven-Person": session.havenPerson ?? "" }, redirect: "manual", keepalive: true });
}

/** Locks the session in all tabs. The same person opens it again where it was. */
export async function lock(session: Session): Promise<void> {
  document.body.hidden = true;
  await beforeLeaving(); // while the session is still there
  tabs.postMessage({ whose: portalId(session), locked: true } satisfies Said);
  try {
    await tell(session, "/lock");
  } finally {
    leave(); // without an answer the server locks by itself
  }
}

/** Logs out, here and in all tabs. */
export async function logOut(session: Session): Promise<void> {
  document.body.hidden = true;
  await beforeLeaving(); // while the session is still there
  try {
    await tell(session, "/log-out");
  } finally {
    tabs.postMessage({ whose: "" } satisfies Said);
    await forgetSoon();
    location.replace("/log-in");
  }
}

/** The person's id as the portal's pages have it. */
function portalId(session: Session): string {
  return (session.havenPerson ?? "").replace(/^A/, "");
}

/** Tells, until the signal, when another tab locks or is somebody else's, or nobody's. */
export function onOthers(session: Session, told: (isNobodys: boolean) => void, signal: AbortSignal): void {
  const hear = ({ data }: MessageEvent<Said>) => {
    if (data.locked || (data.whose !== undefined && data.whose !== portalId(session))) told(data.whose === "");
  };
  tabs.addEventListener("message", hear, { signal });
}

const tellEvery = 5_000; // milliseconds
const lookEvery = 30_000; // a machine that slept looks again soon
const serveEvery = 60_000;

/**
 * Keeps the page its person's: leaves it when another tab is somebody else's, when it locks, and when nobody did anything for as long as the session allows.
 * What a page fetches by itself is no use of a session (docs/decisions/025), so act tells the service from time to time that there was some.
 */
export function watch(session: Session, act: () => Promise<void>): void {
  const whose = portalId(session);
  let used = Date.now();
  let told = used;
  let served = used;
  const use = () => {
    used = Date.now();
    if (used - told < tellEvery) return;
    told = used;
    tabs.postMessage({ whose, used } satisfies Said);
  };
  for (const sign of ["pointerdown", "keydown", "wheel", "touchstart"]) addEventListener(sign, use, { passive: true, capture: true });
  tabs.postMessage({ whose } satisfies Said);
  tabs.addEventListener("message", ({ data }: MessageEvent<Said>) => {
    if (data.used) used = Math.max(used, data.used);
    const isOthers = data.whose !== undefined && data.whose !== whose;
    if (data.locked || isOthers) leave(isOthers);
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload(); // the browser had kept it from before a log out, perhaps
  });
  const idle = (session.havenIdleSeconds ?? 0) * 1000;
  if (idle === 0) return;
  const look = () => {
    if (used > served && Date.now() - served >= serveEvery) {
      served = Date.now();
      void act();
    }
    const left = used + idle - Date.now();
    if (left <= 0) void lock(session);
    else setTimeout(look, Math.min(left, lookEvery));
  };
  look();
}
