// Offline in this browser: turned on and off by its person, and kept up to date while a page is open.

import { call } from "../../jmap/client.js";
import { mailAccounts } from "../../model/mailboxes.js";
import { onLeave } from "../leaving.js";
import type { Server } from "../server.js";
import { ask, isSupported, runWorker } from "../worker.js";
import { keep, type KeptNow } from "./keep.js";
import { Vault } from "./vault.js";

/** Why nothing is kept here, or when the service was heard last by what is. */
export type OfflineNow = { is: "shared" | "unoffered" | "unsupported" } | { is: "off" } | { is: "on"; heard: number };

const every = 60_000; // milliseconds
const lockName = "haven-offline"; // of tabs one keeps

export async function offlineNow({ session }: Server): Promise<OfflineNow> {
  if (session.havenShared !== false) return { is: "shared" };
  if (!session.havenOfflineSeconds) return { is: "unoffered" };
  if (!isSupported() || !globalThis.crypto?.subtle || !navigator.locks || typeof indexedDB === "undefined") return { is: "unsupported" };
  const vault = await own(session.havenPerson);
  return vault ? { is: "on", heard: vault.heard } : { is: "off" };
}

/** Keeps recent mail here from now on, sealed by a passphrase. */
export async function turnOn(server: Server, passphrase: string): Promise<KeptNow> {
  await ask(await runWorker(), { keepShell: true });
  const vault = await Vault.make(server.session, passphrase);
  const end = new AbortController();
  const stop = onLeave(() => end.abort());
  try {
    const kept = await keep(server, vault, end.signal);
    void keepOn(server);
    return kept;
  } catch (error) {
    await vault.destroy();
    throw error;
  } finally {
    stop();
  }
}

/** Throws away what is kept, and the page with it. The worker stays for notices, and does nothing without them. */
export async function turnOff(): Promise<void> {
  const vault = await Vault.find();
  if (vault instanceof Vault) await vault.destroy();
  for (const name of await caches.keys()) await caches.delete(name);
}

let keeps = false;

type Told = (why: "late" | "clock") => void;

/** Keeps it up to date until the page goes. Tells where it had to be destroyed. */
export async function keepOn(server: Server, onGone: Told = () => {}): Promise<void> {
  if (keeps || !(await own(server.session.havenPerson, onGone))) return;
  keeps = true;
  const end = new AbortController();
  const kept = navigator.locks.request(lockName, { signal: end.signal }, () => follow(server, end.signal, onGone)).catch(() => {}); // the page goes
  onLeave(() => {
    end.abort();
    return kept; // so that nothing is put there any more once it is thrown away
  });
  await kept;
  keeps = false;
}

async function follow(server: Server, signal: AbortSignal, onGone: Told): Promise<void> {
  for (let before: string | undefined; !signal.aborted; ) {
    const vault = await own(server.session.havenPerson, onGone);
    if (!vault) return; // turned off, in another tab perhaps
    try {
      const now = await states(server);
      signal.throwIfAborted();
      if (!server.session.havenOfflineSeconds) return await turnOff();
      if (now === before) await vault.heardNow(server.session);
      else await keep(server, vault, signal);
      before = now;
    } catch {
      // The service is away, or the page goes: the next time.
    }
    await new Promise<void>((done) => {
      const timer = setTimeout(done, every);
      signal.addEventListener("abort", () => (clearTimeout(timer), done()), { once: true });
    });
  }
}

/** How the mail stands, which costs next to nothing to ask. */
async function states(server: Server): Promise<string> {
  const answers = await server.request(mailAccounts(server.session).map(({ id }) => call("Email/get", { accountId: id, ids: [] })));
  return JSON.stringify(answers.map((a) => (a as { state: string }).state));
}

async function own(person: string | undefined, onGone: Told = () => {}): Promise<Vault | undefined> {
  const vault = await Vault.find();
  if (typeof vault === "string") onGone(vault);
  return vault instanceof Vault && vault.whose === person ? vault : undefined;
}
