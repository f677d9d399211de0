// The script that a browser runs beside the page, where its person wants that: it shows notices of new mail, and has the page open without the service.

export const workerScope = "/mail/";
const script = "/mail/worker.js";

/** What the page asks of it. */
export interface ToWorker {
  /** Keep the page itself, so that it opens without the service. */
  keepShell: true;
}

/** What it asks of a page. */
export interface ToPage {
  /** The address of a mailbox. */
  open: string;
}

/** Has the page go where the worker says. */
export function onWorker(go: (path: string) => void): void {
  if (isSupported()) navigator.serviceWorker.addEventListener("message", ({ data }: MessageEvent<Partial<ToPage>>) => typeof data?.open === "string" && go(data.open));
}

export function isSupported(): boolean {
  return typeof navigator !== "undefined" && "serviceWorker" in navigator;
}

/** Runs it, and waits until it does. */
export async function runWorker(): Promise<ServiceWorkerRegistration> {
  await navigator.serviceWorker.register(script, { scope: workerScope });
  return navigator.serviceWorker.ready;
}

/** The one that runs already. */
export function running(): Promise<ServiceWorkerRegistration | undefined> {
  return isSupported() ? navigator.serviceWorker.getRegistration(workerScope) : Promise.resolve(undefined);
}

/** Has the worker do something; throws where it could not. */
export async function ask(registration: ServiceWorkerRegistration, what: ToWorker): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  const answer = new Promise<void>((resolve, reject) => {
    port1.onmessage = ({ data }: MessageEvent<{ failed?: string }>) => (data.failed === undefined ? resolve() : reject(new Error(data.failed)));
  });
  registration.active?.postMessage(what, [port2]);
  await answer;
}
