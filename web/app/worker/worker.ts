// Runs beside the page in the browser of somebody who turned notifications or offline on (store/worker.ts).

import type { ToWorker } from "../../store/worker.js";
import { onClick, onPush } from "./push.js";
import { scope, type Asked } from "./scope.js";
import { answer, isOfShell, keepShell, takeOver } from "./shell.js";

scope.addEventListener("install", (e) => e.waitUntil(takeOver()));
scope.addEventListener("activate", (e) => e.waitUntil(scope.clients.claim()));
scope.addEventListener("push", (e) => e.waitUntil(onPush(e)));
scope.addEventListener("notificationclick", (e) => e.waitUntil(onClick(e.notification)));
scope.addEventListener("fetch", (e) => {
  if (isOfShell(e.request)) e.respondWith(answer(e.request));
});
scope.addEventListener("message", (e) => e.waitUntil(asked(e)));

async function asked({ data, ports }: Asked): Promise<void> {
  try {
    if ((data as Partial<ToWorker>).keepShell) await keepShell();
    ports[0]?.postMessage({});
  } catch (error) {
    ports[0]?.postMessage({ failed: String(error) });
  }
}
