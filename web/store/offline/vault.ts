// What a browser keeps of a person's mail, sealed. A page without its passphrase puts into it and renews it; only with it is anything read.

import type { AccountId, Session } from "../../jmap/client.js";
import { whyOver, type Contact } from "../../model/offline.js";
import { shelf, type Shelf } from "../kept.js";
import { makeLock, openLock, seal, unseal, type Lock, type Sealed } from "./seal.js";

/** What lies open on the disk beside the pieces: whose it is, by an id; when it has to go; and the lock. */
interface Front {
  whose: AccountId;
  lock: Lock;
  contact: Contact;
  /** For how long after the service was heard it may be opened. */
  seconds: number;
  /** After how long without use the page shuts it. */
  idle: number;
}

interface Piece extends Sealed {
  /** Of what it holds, so that what is as it was is not sealed again. It says nothing. */
  mark: string;
}

const front = "lock";
const contactName = "contact";

export interface Shelves {
  front: Shelf;
  pieces: Shelf;
}

/** Both shelves of the browser. */
const own = (): Shelves => ({ front: shelf("seal"), pieces: shelf("pieces") });

export class Vault {
  readonly #shelves: Shelves;
  readonly #watchers = new Set<() => void>();
  #front: Front;

  private constructor(on: Shelves, of: Front) {
    this.#shelves = on;
    this.#front = of;
  }

  /** The one that there is. One that may not be opened any more is destroyed, and told with why. */
  static async find(now = Date.now(), on = own()): Promise<Vault | "late" | "clock" | undefined> {
    const of = (await on.front.get(front)) as Front | undefined;
    if (!of) return undefined;
    const why = whyOver(of.contact, now, of.seconds);
    if (!why) return new Vault(on, of);
    await destroy(on);
    return why;
  }

  /** Makes one for the person of a session, which a passphrase opens. What there was before goes. */
  static async make(session: Session, passphrase: string, on = own(), rounds?: number): Promise<Vault> {
    await destroy(on);
    const lock = await makeLock(passphrase, rounds);
    const now = Date.now();
    const of = { whose: session.havenPerson ?? "", lock, contact: { heard: now, seen: now }, seconds: session.havenOfflineSeconds ?? 0, idle: session.havenIdleSeconds ?? 0 };
    const vault = new Vault(on, of);
    await on.front.put(front, of);
    await vault.#renew(of);
    return vault;
  }

  /** Tells when a piece comes or goes. */
  watch(told: () => void): () => void {
    this.#watchers.add(told);
    return () => this.#watchers.delete(told);
  }

  get whose(): AccountId {
    return this.#front.whose;
  }

  /** When the service was heard last. */
  get heard(): number {
    return this.#front.contact.heard;
  }

  get idleSeconds(): number {
    return this.#front.idle;
  }

  /** Notes that the service was heard now, and what it says of how long that holds. */
  async heardNow(session: Session, now = Date.now()): Promise<void> {
    await this.#renew({ ...this.#front, contact: { heard: now, seen: now }, seconds: session.havenOfflineSeconds ?? 0, idle: session.havenIdleSeconds ?? 0 });
  }

  async #renew(of: Front): Promise<void> {
    this.#front = of;
    if (!(await this.#isPut(contactName, await this.#sealed(contactName, { contact: of.contact, seconds: of.seconds })))) return; // what can't be read can't be put back by hand either
    await this.#shelves.front.replace(front, of); // one that was destroyed meanwhile does not come back
  }

  /** Puts a piece; its octets. Throws where the vault is gone, or another one is in its place. */
  async put(name: string, value: unknown, mark = ""): Promise<number> {
    const piece = await this.#sealed(name, value, mark);
    if (!(await this.#isPut(name, piece))) throw new Error("What this computer kept was thrown away.");
    this.#tell();
    return piece.octets.byteLength;
  }

  async #sealed(name: string, value: unknown, mark = ""): Promise<Piece> {
    return { ...(await seal(this.#front.lock.publicKey, name, value)), mark: this.#own(mark) };
  }

  /** A mark as it stands on pieces of this lock: those of one before are not taken for its own. */
  #own(mark: string): string {
    return `${idOf(this.#front.lock)}/${mark}`;
  }

  #isPut(name: string, piece: Piece): Promise<boolean> {
    return this.#shelves.pieces.putWhile(this.#shelves.front, front, (of) => this.#isOwn(of), name, piece);
  }

  #isOwn(of: unknown): boolean {
    return of !== undefined && idOf((of as Front).lock) === idOf(this.#front.lock);
  }

  /** Whether it is there and may be open still. One that may not be any more is destroyed. */
  async isOpenable(now = Date.now()): Promise<boolean> {
    const of = (await this.#shelves.front.get(front)) as Front | undefined;
    if (!of || !this.#isOwn(of)) return false;
    if (!whyOver(of.contact, now, of.seconds)) return true;
    await this.destroy();
    return false;
  }

  /** The octets of a piece, where it holds what the mark is of. */
  async sizeOf(name: string, mark: string): Promise<number | undefined> {
    const piece = (await this.#shelves.pieces.get(name)) as Piece | undefined;
    return piece?.mark === this.#own(mark) ? piece.octets.byteLength : undefined;
  }

  names(): Promise<string[]> {
    return this.#shelves.pieces.names();
  }

  async drop(name: string): Promise<void> {
    await this.#shelves.pieces.delete(name);
    this.#tell();
  }

  #tell(): void {
    for (const told of this.#watchers) told();
  }

  /** Destroys it, and never another one that is in its place. */
  async destroy(): Promise<void> {
    const of = await this.#shelves.front.get(front);
    if (of === undefined || this.#isOwn(of)) await destroy(this.#shelves);
  }

  /** Opens it. "wrong": another passphrase; "late" or "clock": it may not be opened any more, and is destroyed. */
  async open(passphrase: string, now = Date.now()): Promise<Opened | "wrong" | "late" | "clock"> {
    const key = await openLock(this.#front.lock, passphrase);
    if (!key) return "wrong";
    const opened = new Opened(this, key, this.#shelves.pieces);
    const { contact, seconds } = (await opened.read(contactName)) as { contact: Contact; seconds: number };
    const why = whyOver(contact, now, seconds);
    if (why) {
      await this.destroy();
      return why;
    }
    await this.#renew({ ...this.#front, seconds, contact: { heard: contact.heard, seen: Math.max(now, contact.seen) } });
    return opened;
  }
}

/** A vault with its key, as long as the page is there. */
export class Opened {
  readonly vault: Vault;
  readonly #key: CryptoKey;
  readonly #pieces: Shelf;

  constructor(vault: Vault, key: CryptoKey, pieces: Shelf) {
    this.vault = vault;
    this.#key = key;
    this.#pieces = pieces;
  }

  /** What is kept under a name; undefined: nothing. */
  async read(name: string): Promise<unknown> {
    const piece = (await this.#pieces.get(name)) as Piece | undefined;
    return piece && unseal(this.#key, name, piece);
  }
}

/** Tells locks apart. It lies open with them. */
function idOf({ salt }: Lock): string {
  return Array.from(salt, (b) => b.toString(16).padStart(2, "0")).join("");
}

/** The lock goes first: without it nobody opens what is left. */
async function destroy({ front: lock, pieces }: Shelves): Promise<void> {
  await lock.clear();
  await pieces.clear();
}
