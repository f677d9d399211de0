// All that this browser keeps of a person goes: at log out, when the log in is over, on a computer that others use too.

import type { Session } from "../jmap/client.js";
import { isAnyKept, shelf, throwAway } from "./kept.js";
import { isSupported, workerScope } from "./worker.js";

const patience = 2_000; // milliseconds that a page waits before it goes

/** Forgets it all. What can't be thrown away keeps nothing else from it. */
export async function forget(): Promise<void> {
  const registration = await navigator.serviceWorker?.getRegistration(workerScope).catch(() => undefined);
  const subscription = await registration?.pushManager?.getSubscription().catch(() => null);
  await Promise.allSettled([subscription?.unsubscribe(), throwAway(), dropShells(), registration?.getNotifications?.().then((all) => all.forEach((n) => n.close()))]);
  await registration?.unregister().catch(() => false);
}

/** Forgets it all before the page goes; a browser that takes long does the rest meanwhile. */
export async function forgetSoon(): Promise<void> {
  await Promise.race([forget().catch(() => {}), new Promise((done) => setTimeout(done, patience))]);
}

async function dropShells(): Promise<void> {
  if (typeof caches === "undefined") return;
  await Promise.all((await caches.keys()).map((name) => caches.delete(name)));
}

/** Throws away what was kept for somebody else, or for anybody where others use the computer too. */
export async function tidy({ havenShared, havenPerson }: Session): Promise<void> {
  if (!isSupported()) return;
  if (havenShared !== false || (await whose()).some((person) => person !== havenPerson)) await forget();
  else if ((await isAnyKept()) && (await shelf("seal").names()).length === 0) await shelf("pieces").clear(); // nobody opens them without their lock
}

/** For whom something is kept. */
async function whose(): Promise<unknown[]> {
  if (!(await isAnyKept())) return [];
  const [noted, sealed] = [shelf("notices"), shelf("seal")];
  const kept = await Promise.all([noted, sealed].map(async (s) => Promise.all((await s.names()).map((name) => s.get(name)))));
  return kept.flat().flatMap((k) => (typeof k === "object" && k !== null && "whose" in k ? [k.whose] : []));
}
