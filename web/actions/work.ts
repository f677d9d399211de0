// What can be done with who handles conversations of a shared mailbox.

import { SetFailed, type AccountId, type ThreadId, type WorkItem, type WorkItemPatch } from "../jmap/client.js";
import { blank, refusalOf, viewOf, wayBack, type Colleague } from "../model/work.js";
import type { Mail } from "../store/mail.js";
import { clockDate } from "../model/dates.js";
import { locale, t } from "../locales/text.js";
import type { Command } from "./command.js";

/** What commands act upon. */
export interface Handling {
  mail: Mail;
  accountId: AccountId;
  items: readonly WorkItem[];
  /** Has the person say who is to have them. */
  ask: () => void;
  /** Called as soon as something is done: what was selected is not any more. */
  begun?: () => void;
}

/** A change of all items, with what is said of it. */
interface Change {
  patch: (item: WorkItem) => WorkItemPatch;
  says: string;
  takeOver?: boolean;
  /** What the button says that does it though a colleague has it. */
  anyway?: string;
  note?: string;
  to?: string;
  /** Where this says so, a refusal is told already. */
  refused?: (why: SetFailed) => boolean;
}

/** Changes who handles the conversations. What is refused is told, with a way to have it all the same. */
export async function change(h: Handling, c: Change): Promise<boolean> {
  const was = new Map(h.items.map((i) => [i.id, i]));
  const wish = { accountId: h.accountId, patches: new Map(h.items.map((i) => [i.id, c.patch(i)])), ...(c.note && { note: c.note }), ...(c.to && { to: c.to }) };
  let failed: Map<ThreadId, SetFailed>;
  h.begun?.();
  try {
    failed = await h.mail.work.handle({ ...wish, takeOver: c.takeOver ?? false });
  } catch (error) {
    h.mail.undo.fail(wrongText(error));
    return false;
  }
  const done = h.items.filter((i) => !failed.has(i.id));
  if (done.length) h.mail.undo.add(c.says, () => takeBack(h, done.map((i) => was.get(i.id) ?? blank(i.id))));
  const [first] = failed.values();
  if (first && !c.refused?.(first)) tellWhy(h, c, failed, first);
  return failed.size === 0;
}

/** Puts the conversations back as they were, unless a colleague has them since. */
async function takeBack(h: Handling, was: readonly WorkItem[]): Promise<void> {
  const me = h.mail.work.me;
  const now = h.mail.work.board(h.accountId).snapshot();
  const own = was.filter((i) => now.get(i.id)?.doneBy === me || now.get(i.id)?.handledBy === me);
  const others = was.filter((i) => !own.includes(i));
  for (const [items, takeOver] of [[own, true], [others, false]] as const) {
    if (items.length === 0) continue;
    const patches = new Map(items.map((i) => [i.id, wayBack(i)]));
    try {
      const failed = await h.mail.work.handle({ accountId: h.accountId, patches, takeOver, ...(items[0]?.handledByName && { to: items[0].handledByName }) });
      for (const why of failed.values()) h.mail.undo.fail(sayRefusal(why));
    } catch (error) {
      h.mail.undo.fail(wrongText(error));
    }
  }
}

function tellWhy(h: Handling, c: Change, failed: ReadonlyMap<ThreadId, SetFailed>, first: SetFailed): void {
  const contested = [...failed].filter(([, why]) => ["handled", "done"].includes(refusalOf(why.says)?.why ?? "")).map(([id]) => id);
  const anyway = contested.length > 0 && {
    name: c.anyway ?? t.takeOver,
    run: async () => {
      const now = h.mail.work.board(h.accountId).snapshot();
      await change({ ...h, items: contested.map((id) => now.get(id) ?? blank(id)) }, { ...c, takeOver: true });
    },
  };
  h.mail.undo.fail(sayRefusal(first, failed.size), anyway || undefined);
}

/** A moment that has passed, as it is said in a sentence. */
export function when(at: string | null | undefined): string {
  return at ? clockDate(at, new Date(), locale) : "";
}

/** Why a conversation could not be had, in words. */
export function sayRefusal(why: SetFailed, times = 1): string {
  const refusal = refusalOf(why.says);
  const more = times > 1 ? ` ${t.andOthers(times - 1)}` : "";
  switch (refusal?.why) {
    case "handled":
      return t.claimedByOther(refusal.who ?? t.aColleague, when(refusal.since)) + more;
    case "done":
      return t.doneAlready(refusal.who ?? t.aColleague, when(refusal.since)) + more;
    case "no-access":
      return t.noAccess;
    default:
      return wrongText(why) + more;
  }
}

/** What went wrong, in words that say what to do. */
export function wrongText(error: unknown): string {
  if (error instanceof SetFailed) return error.says.description ?? t.wentWrong(error.type);
  if (error instanceof TypeError) return t.noConnection; // fetch tells a broken connection so
  return t.wentWrong(error instanceof Error ? error.message : String(error));
}

const mayHandle = (h: Handling) => h.items.length > 0 && h.mail.work.of(h.accountId)?.mayHandle === true;
const inView = (h: Handling, ...views: string[]) => h.items.some((i) => views.includes(viewOf(i, h.mail.work.me)));

const toRead = 1000; // milliseconds in which somebody can read that a colleague has it: who presses sooner meant what stood there before

/** Whether the person saw that all is a colleague's, or one's own, and so takes it over knowingly. Of many together, what nobody has is taken without the rest. */
const isKnown = (h: Handling) => !inView(h, "unassigned") && h.items.every((i) => h.mail.work.board(h.accountId).knownFor(i.id) > toRead);
const picked = (h: Handling, ...views: string[]): Handling => ({ ...h, items: h.items.filter((i) => views.includes(viewOf(i, h.mail.work.me))) });

export const take: Command<Handling> = {
  id: "take",
  name: (h) => (inView(h, "unassigned", "done") || !inView(h, "others") ? t.claim : t.takeOver),
  keys: ["t"],
  may: (h) => mayHandle(h) && inView(h, "unassigned", "others"),
  run: async (h) => {
    const items = picked(h, "unassigned", "others");
    await change(items, { patch: () => ({ status: "handled" }), says: t.taken(items.items.length), takeOver: isKnown(items) });
  },
};

export const giveBack: Command<Handling> = {
  id: "give-back",
  name: () => t.giveBack,
  keys: ["Shift+T"],
  may: (h) => mayHandle(h) && inView(h, "mine"),
  run: async (h) => {
    const items = picked(h, "mine");
    await change(items, { patch: () => ({ status: "new" }), says: t.givenBack(items.items.length) });
  },
};

export const handOver: Command<Handling> = {
  id: "hand-over",
  name: () => t.handOver,
  keys: ["h"],
  may: (h) => mayHandle(h) && inView(h, "unassigned", "mine", "others"),
  run: (h) => h.ask(),
};

/** Gives the conversations to a colleague, with a note that never leaves the mailbox. */
export function handTo(h: Handling, to: Colleague, note: string, refused: (why: SetFailed) => boolean): Promise<boolean> {
  const id = to.id as AccountId; // of the account or of the Principal: the service knows both
  return change(h, {
    patch: () => ({ handledBy: id }),
    says: t.handedOver(h.items.length, to.name),
    takeOver: isKnown(h),
    anyway: t.handOverAnyway,
    to: to.name,
    ...(note && { note }),
    refused,
  });
}

export const done: Command<Handling> = {
  id: "done",
  name: () => t.done,
  keys: ["d"],
  may: (h) => mayHandle(h) && inView(h, "unassigned", "mine", "others"),
  run: async (h) => {
    const items = picked(h, "unassigned", "mine", "others");
    await change(items, { patch: () => ({ status: "done" }), says: t.markedDone(items.items.length), anyway: t.doneAnyway });
  },
};

export const reopen: Command<Handling> = {
  id: "reopen",
  name: () => t.reopen,
  keys: ["Shift+D"],
  may: (h) => mayHandle(h) && inView(h, "done"),
  run: async (h) => {
    const items = picked(h, "done");
    await change(items, { patch: () => ({ status: "new" }), says: t.reopened(items.items.length) });
  },
};

/** In the order in which they are shown. */
export const workCommands: readonly Command<Handling>[] = [take, done, giveBack, handOver, reopen];
