// What the worker uses of a service worker's surroundings. The browser's library for workers can't stand beside that for pages, so it is written down here.

export interface Extendable extends Event {
  waitUntil(until: Promise<unknown>): void;
}
export interface PushMessage extends Extendable {
  data: { text(): string } | null;
}
export interface Fetched extends Extendable {
  request: Request;
  respondWith(answer: Promise<Response>): void;
}
export interface Clicked extends Extendable {
  notification: Notification;
}
export interface Asked extends Extendable {
  data: unknown;
  ports: readonly MessagePort[];
}

interface Window {
  url: string;
  visibilityState: DocumentVisibilityState;
  focus(): Promise<Window>;
  postMessage(says: unknown): void;
  navigate(url: string): Promise<Window | null>;
}

interface Scope {
  registration: ServiceWorkerRegistration;
  clients: { matchAll(options: { type: "window"; includeUncontrolled?: boolean }): Promise<Window[]>; openWindow(url: string): Promise<Window | null>; claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: "push", told: (e: PushMessage) => void): void;
  addEventListener(type: "fetch", told: (e: Fetched) => void): void;
  addEventListener(type: "notificationclick", told: (e: Clicked) => void): void;
  addEventListener(type: "message", told: (e: Asked) => void): void;
  addEventListener(type: "install" | "activate" | "pushsubscriptionchange", told: (e: Extendable) => void): void;
}

export const scope = self as unknown as Scope;
