// The files of one letter on their way to the service: some at a time, the others wait for their turn.

import type { BlobId } from "../jmap/client.js";
import type { Uploading } from "./upload.js";

/** How far a file is: octets sent, or why it did not arrive. */
export type Progress = { sent: number } | { failed: string };

const atOnce = 3; // the service takes four of one person

interface Ends {
  begin: (file: File, progress: (sent: number) => void) => Uploading;
  /** How far those are that have not arrived, by key. */
  onProgress: (now: ReadonlyMap<string, Progress>) => void;
  onArrived: (key: string, blobId: BlobId) => void;
}

export class Uploads {
  readonly #ends: Ends;
  readonly #going = new Map<string, Uploading>();
  readonly #files = new Map<string, File>(); // that have not arrived
  #now: ReadonlyMap<string, Progress> = new Map();
  #ended = false;

  constructor(ends: Ends) {
    this.#ends = ends;
  }

  /** Whether some are on their way, or wait for their turn. */
  get isGoing(): boolean {
    return this.#going.size > 0 || [...this.#now.values()].some((p) => "sent" in p);
  }

  add(key: string, file: File): void {
    this.#files.set(key, file);
    this.retry(key);
  }

  /** Sends a file that did not arrive. */
  retry(key: string): void {
    this.#progress(key, { sent: 0 });
    this.#next();
  }

  /** Forgets a file, or stops sending it. */
  drop(key: string): void {
    this.#files.delete(key);
    this.#going.get(key)?.cancel();
    this.#progress(key, undefined);
  }

  /** Stops sending what is on its way, and begins with no more. */
  end(): void {
    this.#ended = true;
    for (const u of this.#going.values()) u.cancel();
  }

  /** Goes on after end. */
  goOn(): void {
    this.#ended = false;
    this.#next();
  }

  #next(): void {
    for (const [key, file] of this.#files) {
      const state = this.#now.get(key);
      if (this.#ended || this.#going.size >= atOnce) return;
      if (state && "sent" in state && !this.#going.has(key)) void this.#send(key, file);
    }
  }

  async #send(key: string, file: File): Promise<void> {
    const going = this.#ends.begin(file, (sent) => this.#progress(key, { sent }));
    this.#going.set(key, going);
    try {
      const blobId = await going.done;
      this.#files.delete(key);
      this.#progress(key, undefined);
      this.#ends.onArrived(key, blobId);
    } catch (error) {
      if (this.#files.has(key)) this.#progress(key, { failed: error instanceof Error ? error.message : String(error) });
    } finally {
      this.#going.delete(key);
      this.#next();
    }
  }

  #progress(key: string, at: Progress | undefined): void {
    const now = new Map(this.#now);
    if (at) now.set(key, at);
    else now.delete(key);
    this.#now = now;
    this.#ends.onProgress(now);
  }
}
