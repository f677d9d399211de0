// One letter while it is written. It is saved as one types, and never lost: what can't be saved stays on the page, is tried again, and says so.

import { call, created, RequestError, SetFailed, type AccountId, type EmailId, type Identity, type Mailbox, type ThreadId } from "../jmap/client.js";
import { emailOf, filesWithin, isEmpty, wholeText, type Content, type LetterFile } from "../model/content.js";
import { withRole } from "../model/folders.js";
import { textOfHtml } from "../model/htmlText.js";
import type { Server } from "./server.js";
import { upload } from "./upload.js";
import { Uploads, type Progress } from "./uploads.js";

/** What is known of whether a letter is saved. */
export type Saved =
  | { is: "nothing" }
  | { is: "changed" }
  | { is: "saving" }
  | { is: "saved"; at: number }
  /** The service can't be reached, has no room, or refuses it, and says why. */
  | { is: "not-saved"; why: "away" | "full" | "refused" | "shut"; says: string };

export interface DraftNow {
  content: Content;
  saved: Saved;
  /** It was deleted, moved or sent elsewhere; another tab has it open; its mailbox is shut to the person. */
  elsewhere: "gone" | "open" | "shut" | null;
  /** Files on their way, by key: octets sent, or why not. */
  files: ReadonlyMap<string, Progress>;
  sending: boolean;
  /** How often its text was changed from outside the field in which it is written. */
  placed: number;
  /** When it was to go, of one that waited and was called back. */
  planned?: Date;
}

/** Whether a browser sends it on when the page is gone. */
function isSmall(email: object): boolean {
  return JSON.stringify(email).length < 20_000; // characters, of up to three octets each: 64 KiB are the most
}

/** What a draft needs around it. */
export interface Ground {
  server: Server;
  folders: (accountId: AccountId) => Promise<Mailbox[]>;
  identities: (accountId: AccountId) => Promise<Identity[]>;
}

const quiet = 1_500; // milliseconds without a key until it is saved
const most = 5_000; // milliseconds that a change waits at most
const large = 1_000_000; // octets of files
const patience = 30_000; // milliseconds for an answer of the service
const againFirst = 3_000;
const againMost = 30_000;

export class Draft {
  readonly accountId: AccountId;
  readonly messageId: string;
  /** The message that was saved last. */
  emailId: EmailId | undefined;
  /** The conversation that it belongs to, where it answers. */
  readonly threadId: ThreadId | undefined;
  /** The mailbox that holds what it answers or forwards. */
  readonly origin: AccountId;
  /** It was to be sent, and no answer came. */
  isUnsure = false;
  readonly #ground: Ground;
  readonly #watchers = new Set<() => void>();
  readonly #uploads: Uploads;
  readonly #signature: string;
  #now: DraftNow;
  #typed: (() => string) | undefined; // what is not in #now yet
  #version = 0;
  #savedVersion = 0;
  #since = 0; // when the first change came that is not saved
  #timer: ReturnType<typeof setTimeout> | undefined;
  #again = againFirst;
  #took = 0; // milliseconds that the last save took
  #busy: Promise<unknown> | undefined;
  #savingVersion: number | undefined;
  #ended = false;

  constructor(ground: Ground, accountId: AccountId, content: Content, more: { emailId?: EmailId; messageId?: string; signature?: string; threadId?: ThreadId | undefined; origin?: AccountId } = {}) {
    this.#ground = ground;
    this.accountId = accountId;
    this.emailId = more.emailId;
    this.threadId = more.threadId;
    this.origin = more.origin ?? accountId;
    this.messageId = more.messageId ?? `${crypto.randomUUID()}@${location.hostname}`;
    this.#signature = more.signature ?? "";
    this.#now = { content, saved: more.emailId ? { is: "saved", at: Date.now() } : { is: "nothing" }, elsewhere: null, files: new Map(), sending: false, placed: 0 };
    this.#uploads = new Uploads({
      begin: (file, progress) => upload(ground.server.session, this.accountId, file, progress),
      onProgress: (files) => this.#set({ files }),
      onArrived: (key, blobId) => this.change({ files: this.#now.content.files.map((f) => (f.key === key ? { ...f, blobId } : f)) }),
    });
  }

  readonly snapshot = (): DraftNow => this.#read();

  readonly watch = (told: () => void): (() => void) => {
    this.#watchers.add(told);
    return () => this.#watchers.delete(told);
  };

  /** Whether anything would be lost if the page went now. */
  get isUnsaved(): boolean {
    return !this.#ended && (this.#version > this.#savedVersion || this.isUploading) && !(this.isEmpty && !this.emailId);
  }

  /** Whether files are on their way. */
  get isUploading(): boolean {
    return this.#uploads.isGoing;
  }

  get isEmpty(): boolean {
    return isEmpty(this.#read().content, this.#signature);
  }

  change(patch: Partial<Content>): void {
    this.#version++;
    this.#set({ content: { ...this.#read().content, ...patch }, ...(this.#now.saved.is !== "not-saved" && { saved: { is: "changed" } }) });
    this.#soon();
  }

  /** Changes the text from outside the field in which it is written. */
  place(patch: Partial<Content>): void {
    this.#set({ placed: this.#now.placed + 1 });
    this.change(patch);
  }

  /** Notes that the text was typed on. What it is now is asked for when somebody reads it: a key waits for nothing. */
  typed(own: () => string): void {
    this.#version++;
    this.#typed = own;
    if (this.#now.saved.is !== "not-saved" && this.#now.saved.is !== "changed") this.#set({ saved: { is: "changed" } });
    this.#soon();
  }

  say(patch: Partial<Pick<DraftNow, "elsewhere" | "sending" | "planned">>): void {
    this.#set(patch);
    if (patch.sending === false && this.#version > this.#savedVersion) this.#soon();
  }

  /** Saves what is not saved. True: all of it is at the service. leaving: the page goes now, and there is no time to wait for the save before. */
  async save(leaving = false): Promise<boolean> {
    if (leaving && this.#savingVersion === this.#version) return false; // it is on its way; a browser that goes tells that it failed, and it arrives all the same
    if (!leaving) while (this.#busy) await this.#busy;
    if (this.#ended || this.#version === this.#savedVersion) return !this.#ended;
    if (this.#now.sending) return false; // the letter itself is made of it now
    if (this.isEmpty && !this.emailId) return true;
    const saving = this.#save(leaving);
    this.#busy = saving;
    this.#savingVersion = this.#version;
    try {
      return await saving;
    } finally {
      if (this.#busy === saving) this.#busy = this.#savingVersion = undefined;
    }
  }

  /** The message as it is to be made now. */
  async making() {
    const [folders, identities] = await Promise.all([this.#ground.folders(this.accountId), this.#ground.identities(this.accountId)]);
    const { content } = this.#read();
    const folder = withRole(folders, "drafts");
    if (!folder) throw new Error("The mailbox has no folder for drafts.");
    const identity = identities.find((i) => i.id === content.identityId) ?? identities[0];
    const plain = content.text.format === "rich" ? textOfHtml(wholeText(content.text)) : "";
    return { email: emailOf(content, { folder: folder.id, identity, messageId: this.messageId, plain }), identity, folders, version: this.#version };
  }

  /** Notes that a message was made of a version, in place of the one before, which is destroyed. */
  async made(emailId: EmailId, version: number): Promise<void> {
    const old = this.emailId;
    this.emailId = emailId;
    this.#savedVersion = version;
    this.#again = againFirst;
    this.#set({ saved: this.#version === version ? { is: "saved", at: Date.now() } : { is: "changed" } });
    await this.#replace(old);
  }

  /** Says that nothing of it is saved any more: it was sent or thrown away. */
  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#uploads.end();
  }

  /** Says that its mailbox is shut to the person: what was saved is there, and nothing more will be. */
  shut(): void {
    this.end();
    this.#set({ elsewhere: "shut", ...(this.#version > this.#savedVersion && { saved: { is: "not-saved", why: "shut", says: "" } }) });
  }

  /** Waits until nothing of it is on its way. */
  async settled(): Promise<void> {
    while (this.#busy) await this.#busy.catch(() => {});
  }

  /** Says that it is written on. */
  goOn(): void {
    this.#ended = false;
    this.#uploads.goOn();
    this.#set({ sending: false });
    if (this.#version > this.#savedVersion) this.#soon();
  }

  /** Looks whether the message that was saved is still a draft. Where somebody deleted it, it is saved again. */
  async look(): Promise<void> {
    const id = this.emailId;
    if (!id || this.#busy || this.#ended || this.#now.sending) return;
    const { list } = await this.#ground.server.one(call("Email/get", { accountId: this.accountId, ids: [id], properties: ["mailboxIds", "keywords"] }));
    if (this.emailId !== id || this.#busy || this.#ended || this.#now.sending) return;
    if (!(await this.#isDraft(list[0]))) this.#gone();
  }

  /** Begins to send files to the service. */
  attach(files: readonly File[], cid?: (file: File) => string | undefined): LetterFile[] {
    const added = files.map((file): LetterFile => {
      const inline = cid?.(file);
      return { key: crypto.randomUUID(), name: file.name, type: file.type, size: file.size, blobId: null, ...(inline && { cid: inline }) };
    });
    this.change({ files: [...this.#now.content.files, ...added] });
    added.forEach((f, i) => this.#uploads.add(f.key, files[i] as File));
    return added;
  }

  /** Sends a file again that did not arrive. */
  retry(key: string): void {
    this.#uploads.retry(key);
  }

  /** Takes a file out, or stops sending it. */
  detach(key: string): void {
    this.#uploads.drop(key);
    this.change({ files: this.#now.content.files.filter((f) => f.key !== key) });
  }

  /** Whether files are still on their way, or did not arrive. */
  get waitsForFiles(): boolean {
    return this.#now.content.files.some((f) => f.blobId === null);
  }

  async #save(leaving: boolean): Promise<boolean> {
    clearTimeout(this.#timer);
    this.#since = 0;
    const began = Date.now();
    try {
      const { email, version } = await this.making();
      if (this.#now.saved.is !== "not-saved") this.#set({ saved: { is: "saving" } });
      const { accountId } = this;
      // Most often the message before goes once this one is there, so that a mailbox that is full keeps it. A page that goes has no time for a second request.
      const old = leaving && this.#now.saved.is !== "not-saved" && this.#now.elsewhere === null ? this.emailId : undefined;
      const was = call("Email/get", { accountId, ids: this.emailId ? [this.emailId] : [], properties: ["mailboxIds", "keywords"] });
      const [before, answer] = await this.#ground.server.request([was, call("Email/set", { accountId, create: { draft: email }, ...(old && { destroy: [old] }) })], { act: true, keepalive: isSmall(email), signal: AbortSignal.timeout(patience + this.#took) });
      const { id } = created(answer, "draft");
      if (this.emailId && !(await this.#isDraft(before.list[0]))) {
        this.emailId = undefined; // what somebody made of it stays as it is
        this.#set({ elsewhere: "gone" });
      }
      if (old && old === this.emailId) this.emailId = undefined;
      await this.made(id as EmailId, version);
      this.#took = Date.now() - began;
      if (this.#version > version) this.#soon();
      return this.#version === version;
    } catch (error) {
      if (error instanceof SetFailed && error.type === "blobNotFound") await this.#findFiles().catch(() => {}); // it is tried again with them
      this.#failed(error);
      return false;
    }
  }

  /** Looks where files are now: those of a draft are parts of its message, and another window has made another one in its place. */
  async #findFiles(): Promise<void> {
    const { accountId, messageId } = this;
    const query = call("Email/query", { accountId, filter: { header: ["Message-ID", messageId] } });
    const [, { list }] = await this.#ground.server.request([query, call("Email/get", { accountId, "#ids": query.ref("/ids"), properties: ["attachments"] })]);
    const parts = list.flatMap((e) => e.attachments ?? []);
    const blobOf = (f: LetterFile) => parts.find((p) => p.name === f.name && p.size === f.size)?.blobId;
    this.#set({ content: { ...this.#read().content, files: this.#now.content.files.map((f) => ({ ...f, blobId: blobOf(f) ?? f.blobId })) } });
  }

  async #isDraft(e: { mailboxIds: object; keywords: Record<string, true> } | undefined): Promise<boolean> {
    const drafts = withRole(await this.#ground.folders(this.accountId), "drafts");
    return !!e && !!drafts && drafts.id in e.mailboxIds && e.keywords.$draft === true;
  }

  #gone(): void {
    this.emailId = undefined;
    this.#version++;
    this.#set({ elsewhere: "gone", saved: { is: "changed" } });
    this.#soon();
  }

  /** Destroys the message before, and reads where files are now: those of a draft are parts of it. */
  async #replace(old: EmailId | undefined): Promise<void> {
    const { accountId, emailId } = this;
    const hasFiles = filesWithin(this.#read().content).length > 0;
    if (!emailId || (!old && !hasFiles)) return;
    const parts = call("Email/get", { accountId, ids: hasFiles ? [emailId] : [], properties: ["attachments"] });
    try {
      const [{ list }] = await this.#ground.server.request([parts, call("Email/set", { accountId, destroy: old ? [old] : [] })], { keepalive: true, signal: AbortSignal.timeout(patience) });
      const kept = filesWithin(this.#read().content);
      const now = list[0]?.attachments ?? [];
      if (now.length !== kept.length) return; // one was added in this moment; the next save sees to it
      const blobs = new Map(kept.map((f, i) => [f.key, now[i]?.blobId ?? f.blobId]));
      this.#set({ content: { ...this.#read().content, files: this.#now.content.files.map((f) => ({ ...f, blobId: blobs.get(f.key) ?? f.blobId })) } });
    } catch {
      // The older message stays in Drafts, which is better than none.
    }
  }

  #failed(error: unknown): void {
    const says = error instanceof SetFailed ? (error.says.description ?? error.type) : error instanceof Error ? error.message : String(error);
    const why = error instanceof SetFailed ? (error.type === "overQuota" ? "full" : "refused") : error instanceof RequestError && error.status < 500 && error.status !== 429 ? "refused" : "away";
    this.#set({ saved: { is: "not-saved", why, says } });
    this.#timer = setTimeout(() => void this.save(), this.#again);
    this.#again = Math.min(this.#again * 2, againMost);
  }

  #soon(): void {
    if (this.#ended) return;
    if (this.#now.saved.is === "not-saved" && this.#timer !== undefined && this.#again > againFirst) return; // it is tried again already
    const now = Date.now();
    this.#since ||= now;
    clearTimeout(this.#timer);
    const heavy = this.#now.content.files.reduce((sum, f) => sum + f.size, 0) > large; // each save makes a message with all files
    const pace = heavy ? Math.max(quiet, Math.min(10 * this.#took, 60_000)) : quiet;
    this.#timer = setTimeout(() => void this.save(), Math.max(0, Math.min(pace, this.#since + Math.max(most, pace) - now)));
  }

  /** What is known, with what was typed. */
  #read(): DraftNow {
    if (this.#typed) {
      const { content } = this.#now;
      const own = this.#typed();
      this.#typed = undefined;
      this.#now = { ...this.#now, content: { ...content, text: { ...content.text, own } } };
    }
    return this.#now;
  }

  #set(patch: Partial<DraftNow>): void {
    this.#now = { ...this.#now, ...patch };
    for (const told of this.#watchers) told();
  }
}
