import { t } from "../../locales/text.js";
import { isAnyKept } from "../../store/kept.js";
import type { Mail } from "../../store/mail.js";

/** Asks where letters wait that the service does not know of, before they are lost. True: goes on. */
export async function sureToLose({ questions }: Mail, yes: string): Promise<boolean> {
  const waits = await waiting().catch(() => 0); // nobody is kept from logging out
  return waits === 0 || questions.ask({ title: t.offlineLogOut, text: t.offlineLogOutText(waits), yes, grave: true });
}

async function waiting(): Promise<number> {
  if (!(await isAnyKept())) return 0;
  const { waitingHere } = await import("../../store/offline/outgoing.js");
  return waitingHere();
}

/** Tells, once, that what was kept here had to be destroyed. */
export function tellGone({ undo }: Mail, why: "late" | "clock"): void {
  const says = t.offlineGone[why];
  if (!undo.snapshot().some((d) => d.says === says)) undo.fail(says, undefined, Number.POSITIVE_INFINITY);
}
