// Notices of new mail in this browser: a push subscription there, and one at the service that ends with the log in (RFC 8620 §7.2).

import { call, created, type AccountId, type PushSubscriptionCreate, type PushSubscriptionId } from "../jmap/client.js";
import { mailAccounts } from "../model/mailboxes.js";
import type { Noted } from "../model/notices.js";
import { isAnyKept, shelf, type Shelf } from "./kept.js";
import type { Server } from "./server.js";
import { isSupported, runWorker, running } from "./worker.js";

/** The name of what is kept about them. */
export const noted = "noted";

/** Why there are none here, or which mailboxes they tell of. */
export type NoticesNow = { is: "shared" | "unsupported" | "unoffered" | "denied" } | { is: "off" } | { is: "on"; accounts: readonly AccountId[] };

/** What is kept about them. */
export type Kept = Noted & {
  /** By which the service knows this browser. */
  device: string;
  whose: string;
};

const types = ["EmailDelivery"];

/** What it takes of the browser. Tests give one of their own. */
export interface PushBrowser {
  isSupported(): boolean;
  permission(): NotificationPermission;
  ask(): Promise<NotificationPermission>;
  subscription(): Promise<PushSubscription | null>;
  subscribe(applicationServerKey: string): Promise<PushSubscription>;
}

export const browser: PushBrowser = {
  isSupported: () => isSupported() && typeof Notification !== "undefined" && typeof PushManager !== "undefined",
  permission: () => Notification.permission,
  ask: () => Notification.requestPermission(),
  subscription: async () => (await running())?.pushManager.getSubscription() ?? null,
  subscribe: async (applicationServerKey) => (await runWorker()).pushManager.subscribe({ userVisibleOnly: true, applicationServerKey }),
};

export class Notices {
  readonly #server: Server;
  readonly #shelf: Shelf;
  readonly #browser: PushBrowser;

  constructor(server: Server, on: Shelf = shelf("notices"), of: PushBrowser = browser) {
    this.#server = server;
    this.#shelf = on;
    this.#browser = of;
  }

  async now(): Promise<NoticesNow> {
    const { session } = this.#server;
    if (session.havenShared !== false) return { is: "shared" };
    if (!this.#browser.isSupported()) return { is: "unsupported" };
    if (!session.capabilities["urn:ietf:params:jmap:webpush-vapid"]) return { is: "unoffered" };
    if (this.#browser.permission() === "denied") return { is: "denied" };
    const kept = await this.#read();
    return kept && (await this.#browser.subscription()) ? { is: "on", accounts: kept.accounts } : { is: "off" };
  }

  /** Has the browser tell of new mail in some mailboxes. It asks its person whether it may. */
  async turnOn(accounts: readonly AccountId[]): Promise<NoticesNow> {
    const now = await this.now();
    if (now.is !== "off" && now.is !== "on") return now;
    if ((await this.#browser.ask()) !== "granted") return this.now();
    const before = await this.#read();
    const kept: Kept = { accounts, states: before?.states ?? {}, device: before?.device ?? crypto.randomUUID(), whose: this.#server.session.havenPerson ?? "" };
    await this.#shelf.put(noted, kept); // before the code comes, which is brought back by what stands here
    try {
      await this.#subscribe(kept.device);
    } catch (error) {
      if (!before) await this.#shelf.delete(noted);
      throw error;
    }
    return this.now();
  }

  /** Has it tell of nothing any more. */
  async turnOff(): Promise<NoticesNow> {
    const kept = await this.#read();
    await this.#shelf.delete(noted);
    await (await this.#browser.subscription())?.unsubscribe();
    if (kept) await this.#drop(kept.device);
    return this.now();
  }

  /** Has the service know of this browser again after another log in: what it knew ended with the one before. */
  async renew(): Promise<void> {
    if (this.#server.session.havenShared !== false || !(await isAnyKept())) return;
    const now = await this.now();
    const kept = await this.#read();
    if (now.is !== "on" || !kept) return;
    const there = mailAccounts(this.#server.session).map((a) => a.id);
    const accounts = kept.accounts.filter((id) => there.includes(id));
    if (accounts.length < kept.accounts.length) await this.#shelf.put(noted, { ...kept, accounts });
    const { list } = await this.#server.one(call("PushSubscription/get", { ids: null }));
    if (!list.some((s) => s.deviceClientId === kept.device && s.verificationCode !== null)) await this.#subscribe(kept.device);
  }

  async #subscribe(device: string): Promise<void> {
    const key = this.#server.session.capabilities["urn:ietf:params:jmap:webpush-vapid"]?.applicationServerKey ?? "";
    const { endpoint, keys } = (await this.#browser.subscribe(key)).toJSON();
    await this.#drop(device);
    const create = { deviceClientId: device, url: endpoint ?? "", keys: { p256dh: keys?.p256dh ?? "", auth: keys?.auth ?? "" }, types } as PushSubscriptionCreate;
    created(await this.#server.one(call("PushSubscription/set", { create: { s: create } }), { act: true }), "s");
  }

  /** Has the service forget what it knows of a device. */
  async #drop(device: string): Promise<void> {
    const { list } = await this.#server.one(call("PushSubscription/get", { ids: null }));
    const destroy = list.filter((s) => s.deviceClientId === device).map((s) => s.id as PushSubscriptionId);
    if (destroy.length > 0) await this.#server.one(call("PushSubscription/set", { destroy }));
  }

  /** What is kept of this person. */
  async #read(): Promise<Kept | undefined> {
    const kept = (await this.#shelf.get(noted)) as Kept | undefined;
    return kept?.whose === this.#server.session.havenPerson ? kept : undefined;
  }
}
