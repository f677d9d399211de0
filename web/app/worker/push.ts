import { call, Client, RequestError, updated, type AccountId } from "../../jmap/client.js";
import { t } from "../../locales/text.js";
import { isOver } from "../../model/ends.js";
import { newMail, noticeOf, pushed, type Verification } from "../../model/notices.js";
import { forget } from "../../store/forget.js";
import { shelf } from "../../store/kept.js";
import { noted as notedName, type Kept } from "../../store/notices.js";
import type { ToPage } from "../../store/worker.js";
import { scope, type PushMessage } from "./scope.js";

let turn = Promise.resolve();

/** Takes pushes one after the other, so that each knows what the one before has said. */
export function onPush({ data }: PushMessage): Promise<void> {
  const done = turn.then(() => take(data?.text() ?? ""));
  turn = done.catch(() => {});
  return done;
}

/** What a push has the worker do. It asks the service as the page would: what the log in does not open any more it does not show. */
async function take(text: string): Promise<void> {
  const says = pushed(text);
  const notices = shelf("notices");
  const kept = (await notices.get(notedName)) as Kept | undefined;
  if (!says || !kept) return;
  if (says["@type"] === "PushVerification") return prove(says);
  const { arrived, noted } = newMail(says, kept);
  await notices.put(notedName, { ...kept, ...noted });
  if (arrived.length > 0 && !(await isLookedAt())) await show(arrived, kept);
}

async function show(arrived: readonly AccountId[], kept: Kept): Promise<void> {
  let names: Record<AccountId, { name: string }> | undefined;
  try {
    const { session } = await Client.open({ url: location.origin });
    if (session.havenPerson !== kept.whose || session.havenShared !== false) return await forget();
    names = session.accounts;
  } catch (error) {
    if (error instanceof RequestError && isOver(error.status, error.rule)) return forget();
  }
  for (const accountId of arrived) {
    if (names && !names[accountId]) continue; // taken away since
    const { title, body, tag, path } = noticeOf(accountId, names?.[accountId]?.name, t);
    await scope.registration.showNotification(title, { body, tag, icon: "/assets/haven.svg", data: path });
  }
}

/** Brings back the code that came. */
async function prove({ pushSubscriptionId, verificationCode }: Verification): Promise<void> {
  const client = await Client.open({ url: location.origin });
  updated(await client.one(call("PushSubscription/set", { update: { [pushSubscriptionId]: { verificationCode } } })), pushSubscriptionId);
}

/** Whether somebody has the mail before the eyes, and sees for themselves. */
async function isLookedAt(): Promise<boolean> {
  const windows = await scope.clients.matchAll({ type: "window", includeUncontrolled: true });
  return windows.some((w) => w.visibilityState === "visible" && new URL(w.url).pathname.startsWith("/mail/"));
}

/** Opens the mailbox that a notice is about: in the page that there is, which keeps what is being written. */
export async function onClick(notification: Notification): Promise<void> {
  notification.close();
  const path = String(notification.data);
  const windows = await scope.clients.matchAll({ type: "window", includeUncontrolled: true });
  const open = windows.find((w) => new URL(w.url).pathname.startsWith("/mail/"));
  if (!open) return void (await scope.clients.openWindow(path));
  await open.focus();
  open.postMessage({ open: path } satisfies ToPage);
}
