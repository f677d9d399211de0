// The letter that is being written on this page: one at a time, the others wait in Drafts.

import { call, updated, type AccountId, type EmailId, type ThreadId } from "../jmap/client.js";
import { withRole } from "../model/folders.js";
import { contentOf, draftProperties, type Content, type LetterFile } from "../model/content.js";
import { signed } from "../model/quote.js";
import { Draft, type Ground } from "./draft.js";

export interface Writing {
  draft: Draft | undefined;
  /** It is folded to a line, so that what is behind it can be read. */
  folded: boolean;
}

/** What tabs tell each other of a letter, by its Message-ID. */
interface Said {
  opened?: string;
  have?: string;
  closed?: string;
}

export class Drafts {
  readonly #ground: Ground;
  readonly #watchers = new Set<() => void>();
  readonly #tabs: BroadcastChannel | undefined = typeof BroadcastChannel === "undefined" ? undefined : new BroadcastChannel("haven-drafts");
  #now: Writing = { draft: undefined, folded: false };

  constructor(ground: Ground) {
    this.#ground = ground;
    this.#tabs?.addEventListener("message", ({ data }: MessageEvent<Said>) => this.#heard(data));
    globalThis.addEventListener?.("online", () => void this.#now.draft?.save());
  }

  readonly snapshot = (): Writing => this.#now;

  readonly watch = (told: () => void): (() => void) => {
    this.#watchers.add(told);
    return () => this.#watchers.delete(told);
  };

  /** Begins a letter. The one that is open is saved and closed; undefined where that can't be done now. */
  async begin(accountId: AccountId, content: Content, more: { signature?: string; threadId?: ThreadId | undefined } = {}): Promise<Draft | undefined> {
    if (!(await this.close())) return undefined;
    return this.#open(new Draft(this.#ground, accountId, content, { signature: signed(more.signature ?? ""), threadId: more.threadId }));
  }

  /** Opens a letter again that was about to be sent. */
  async resume(draft: Draft): Promise<boolean> {
    if (this.#now.draft !== draft && !(await this.close())) return false;
    draft.goOn();
    this.#open(draft);
    return true;
  }

  /** Goes on with a draft of the mailbox, unless it is gone or another one can't be closed now. html makes its HTML harmless. */
  async continue(accountId: AccountId, { id, threadId }: { id: EmailId; threadId: ThreadId }, html: (source: string) => string): Promise<Draft | "gone" | "busy"> {
    if (this.#now.draft?.accountId === accountId && this.#now.draft.emailId === id) {
      this.fold(false);
      return this.#now.draft;
    }
    if (!(await this.close())) return "busy";
    // Each save makes another message: where this one is gone, its conversation has the one after it.
    const thread = call("Thread/get", { accountId, ids: [threadId] });
    const email = call("Email/get", { accountId, "#ids": thread.ref("/list/*/emailIds"), properties: draftProperties, fetchTextBodyValues: true, fetchHTMLBodyValues: true });
    const [[, { list }], identities] = await Promise.all([this.#ground.server.request([thread, email]), this.#ground.identities(accountId)]);
    const found = list.find((e) => e.id === id) ?? list.findLast((e) => e.keywords.$draft);
    if (!found) return "gone";
    const messageId = found.messageId?.[0];
    return this.#open(new Draft(this.#ground, accountId, contentOf(found, identities, html), { emailId: found.id, ...(found.inReplyTo && { threadId: found.threadId }), ...(messageId && { messageId }) }));
  }

  /** Has a letter go from another mailbox: it is a draft there, and here no more, with what was written on meanwhile. Throws where it can't be saved there; it stays as it is then. */
  async transfer(draft: Draft, accountId: AccountId, change: (content: Content) => Partial<Content>): Promise<void> {
    await draft.settled();
    const { content } = draft.snapshot();
    const files = await this.#copied(draft.accountId, accountId, content.files);
    const there = new Draft(this.#ground, accountId, { ...content, ...change(content), files }, { messageId: draft.messageId, origin: draft.origin });
    there.change({});
    if (!there.isEmpty && !(await there.save())) {
      const { saved } = there.snapshot();
      there.end();
      throw new Error(saved.is === "not-saved" ? saved.says : "");
    }
    await draft.settled(); // from here on nothing is waited for until the other one is open
    const { content: now } = draft.snapshot();
    const added = now.files.find((f) => !files.some(({ key }) => key === f.key));
    if (added) {
      there.end();
      await this.#destroy(there);
      throw new Error(added.name); // it is on its way to the first mailbox
    }
    draft.end();
    if (now !== content) there.change({ ...now, ...change(now), files: files.filter((f) => now.files.some(({ key }) => key === f.key)) });
    this.#open(there);
    await this.#destroy(draft);
  }

  /** Destroys what was saved of a letter that is another draft now. Where that fails, a draft too many is seen there. */
  async #destroy({ accountId, emailId }: Draft): Promise<void> {
    if (emailId) await this.#ground.server.one(call("Email/set", { accountId, destroy: [emailId] }), { act: true }).catch(() => {});
  }

  /** The files of a letter in another account, which has its own. */
  async #copied(from: AccountId, to: AccountId, files: readonly LetterFile[]): Promise<LetterFile[]> {
    const blobIds = [...new Set(files.flatMap((f) => f.blobId ?? []))];
    if (blobIds.length === 0) return [...files];
    const { copied } = await this.#ground.server.one(call("Blob/copy", { fromAccountId: from, accountId: to, blobIds }), { act: true });
    return files.map((f) => {
      const blobId = f.blobId && copied?.[f.blobId];
      if (!blobId) throw new Error(f.name);
      return { ...f, blobId };
    });
  }

  fold(folded: boolean): void {
    if (this.#now.draft && this.#now.folded !== folded) this.#set({ ...this.#now, folded });
  }

  /** Closes what is open, which is saved. False: it could not be, and stays. */
  async close(): Promise<boolean> {
    const { draft } = this.#now;
    if (!draft) return true;
    if (draft.isUploading || (!(await draft.save()) && draft.isUnsaved)) {
      this.fold(false);
      return false;
    }
    this.leave(draft);
    return true;
  }

  /** Closes it and leaves it as it is at the service. */
  leave(draft: Draft): void {
    draft.end();
    this.#tabs?.postMessage({ closed: draft.messageId } satisfies Said);
    if (this.#now.draft === draft) this.#set({ draft: undefined, folded: false });
  }

  /** Throws a letter away: into Deleted, as far as it was saved. */
  async discard(draft: Draft): Promise<void> {
    this.leave(draft);
    await draft.settled();
    await this.#move(draft, "drafts", "trash");
  }

  /** Takes that back. */
  async restore(draft: Draft): Promise<void> {
    await this.#move(draft, "trash", "drafts");
    await this.resume(draft);
  }

  async #move({ accountId, emailId }: Draft, from: "drafts" | "trash", to: "drafts" | "trash"): Promise<void> {
    if (!emailId) return;
    const folders = await this.#ground.folders(accountId);
    const [old, now] = [withRole(folders, from), withRole(folders, to)];
    if (!old || !now) return;
    const patch = { [`mailboxIds/${old.id}`]: null, [`mailboxIds/${now.id}`]: true } as const;
    updated(await this.#ground.server.one(call("Email/set", { accountId, update: { [emailId]: patch } }), { act: true }), emailId);
  }

  /** Saves what is not saved; leaving: the page goes now. */
  async flush(leaving = false): Promise<void> {
    const { draft } = this.#now;
    if (draft?.isUnsaved) await draft.save(leaving);
  }

  /** Something of an account's mail changed at the service. */
  changed(accountId: AccountId): void {
    const { draft } = this.#now;
    if (draft?.accountId === accountId) draft.look().catch(() => {}); // it is looked at when it is saved, too
  }

  /** The person may not open a mailbox any more. */
  shut(accountId: AccountId): void {
    const { draft } = this.#now;
    if (draft?.accountId === accountId) draft.shut();
  }

  #open(draft: Draft): Draft {
    this.#set({ draft, folded: false });
    this.#tabs?.postMessage({ opened: draft.messageId } satisfies Said);
    return draft;
  }

  #heard({ opened, have, closed }: Said): void {
    const { draft } = this.#now;
    if (!draft) return;
    if (opened === draft.messageId) this.#tabs?.postMessage({ have: draft.messageId } satisfies Said);
    const { elsewhere } = draft.snapshot();
    if ([opened, have].includes(draft.messageId) && elsewhere === null) draft.say({ elsewhere: "open" });
    if (closed === draft.messageId && elsewhere === "open") draft.say({ elsewhere: null });
  }

  #set(now: Writing): void {
    this.#now = now;
    for (const told of this.#watchers) told();
  }
}
