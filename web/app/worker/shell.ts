// The page itself, kept where a person reads offline. It is the same for everybody and holds nobody's data.

import { scope } from "./scope.js";

declare const SHELL: { version: string; files: string[] }; // put in when it is built

const prefix = "haven-shell-";
const page = "/mail/";
const patience = 5_000; // milliseconds until a page that does not come is opened from here

/** Keeps the page as it is now, and throws older ones away once it is whole. */
export async function keepShell(): Promise<void> {
  const name = prefix + SHELL.version;
  const cache = await caches.open(name);
  const there = new Set((await cache.keys()).map((r) => new URL(r.url).pathname));
  await cache.addAll(SHELL.files.filter((f) => !there.has(f)));
  for (const old of await caches.keys()) if (old !== name) await caches.delete(old);
}

/** Keeps it anew where one was kept. */
export async function renewShell(): Promise<void> {
  if (await isKept()) await keepShell();
}

async function isKept(): Promise<boolean> {
  return (await caches.keys()).some((name) => name.startsWith(prefix));
}

/** Whether a request is for what may be kept. */
export function isOfShell({ method, url, mode }: Request): boolean {
  const { origin, pathname } = new URL(url);
  return method === "GET" && origin === location.origin && (mode === "navigate" ? pathname.startsWith(page) : SHELL.files.includes(pathname));
}

/** The page from the service, and from here where that is away; what has its checksum in its name from here. */
export async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const kept = await caches.match(SHELL.files.includes(pathname) ? pathname : page, { ignoreVary: true });
  if (!kept) return fetch(request);
  if (pathname.startsWith(`${page}assets/`)) return kept;
  try {
    const came = await fetch(request, { signal: AbortSignal.timeout(patience) });
    return came.status >= 500 ? kept : came;
  } catch {
    return kept.redirected ? new Response(kept.body, kept) : kept;
  }
}

/** Begins at once, so that no page goes with the worker of another build. */
export async function takeOver(): Promise<void> {
  await renewShell();
  await scope.skipWaiting();
}
