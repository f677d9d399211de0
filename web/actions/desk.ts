// What can be done at the list and the open conversation, and the list of all commands.

import { t } from "../locales/text.js";
import type { Answer } from "../model/reply.js";
import type { Command } from "./command.js";
import { archive, destroy, junk, remove, toggleFlag, toggleRead, type Chosen } from "./letters.js";
import { move } from "./move.js";
import { fileToRecord } from "./record.js";

/** What commands of the list act upon. */
export interface Desk extends Chosen {
  isOpen: boolean;
  selected: number;
  /** Whether there is a conversation before or behind the open one. */
  mayStep: (by: 1 | -1) => boolean;
  step: (by: 1 | -1) => void;
  close: () => void;
  select: (which: "none" | "shown" | "this") => void;
  chooseFolder: () => void;
  toSearch: () => void;
  showKeys: () => void;
  mayWrite: boolean;
  write: () => void;
  /** Whether there is a letter open that can be answered. */
  mayAnswer: boolean;
  answer: (kind: Answer) => void;
  /** Whether there is a letter open that can be filed to a patient's record. */
  mayFile: boolean;
  file: () => void;
  /** Forwards what is chosen as files of one letter; undefined where that can't be. */
  attach: (() => Promise<void>) | undefined;
}

const always = () => true;

export const next: Command<Desk> = { id: "next", name: () => t.next, keys: ["j"], may: (d) => d.mayStep(1), run: (d) => d.step(1) };

export const previous: Command<Desk> = { id: "previous", name: () => t.previous, keys: ["k"], may: (d) => d.mayStep(-1), run: (d) => d.step(-1) };

export const back: Command<Desk> = {
  id: "back",
  icon: "back",
  name: (d) => (d.selected ? t.clearSelection : t.back),
  keys: ["u", "Escape"],
  may: (d) => d.isOpen || d.selected > 0,
  run: (d) => (d.selected ? d.select("none") : d.close()),
};

export const toggleSelect: Command<Desk> = { id: "toggle-select", icon: "done", name: () => t.toggleSelect, keys: ["x"], may: always, run: (d) => d.select("this") };

export const selectShown: Command<Desk> = { id: "select-shown", icon: "done", name: () => t.selectShown, keys: ["*"], may: always, run: (d) => d.select("shown") };

export const toSearch: Command<Desk> = { id: "search", icon: "search", name: () => t.toSearch, keys: ["/"], may: always, run: (d) => d.toSearch() };

export const undo: Command<Desk> = {
  id: "undo",
  name: () => t.undo,
  keys: ["z"],
  may: (d) => d.mail.undo.snapshot().some((done) => done.undo),
  run: (d) => d.mail.undo.take(),
};

export const keys: Command<Desk> = { id: "keys", name: () => t.shortcuts, keys: ["?", "Mod+/"], calm: true, may: always, run: (d) => d.showKeys() };

export const write: Command<Desk> = { id: "write", icon: "write", name: () => t.compose, keys: ["c"], may: (d) => d.mayWrite, run: (d) => d.write() };

const answering = (id: Answer, name: () => string, key: string): Command<Desk> => ({ id, icon: id, name, keys: [key], may: (d) => d.mayAnswer, run: (d) => d.answer(id) });

export const reply = answering("reply", () => t.reply, "r");
export const replyAll = answering("reply-all", () => t.replyAll, "a");
export const forward = answering("forward", () => t.forward, "f");

/** Whole, each a file of its own: one letter or many. */
export const forwardAttached: Command<Desk> = { id: "forward-attached", icon: "forward", name: () => t.forwardAttached, keys: ["Shift+A"], may: (d) => d.attach !== undefined, run: (d) => d.attach?.() };

/** What is written. */
export const onWriting: readonly Command<Desk>[] = [write, reply, replyAll, forward, forwardAttached];

/** What is done with the letter that is open. */
export const onOpen: readonly Command<Desk>[] = [fileToRecord];

/** What is done with conversations, in the order in which it is shown. */
export const onLetters: readonly Command<Desk>[] = [archive, remove, destroy, junk, move, toggleRead, toggleFlag];

/** What leads about. */
export const onList: readonly Command<Desk>[] = [next, previous, back, toggleSelect, selectShown, toSearch, undo, keys];

/** What stands at a line under the pointer. */
export const atOnce: readonly Command<Desk>[] = [archive, remove, destroy, toggleRead, toggleFlag];

export const deskCommands: readonly Command<Desk>[] = [...onLetters, ...onOpen, ...onWriting, ...onList];
