import FilesWorker from "./files.worker.ts?worker";
import { Unshown } from "./unshown.js";

/** What the worker is asked to do. */
export type Task =
  | { does: "sheet" | "openSheet" | "csv" | "openText" | "rtf" | "tnef" | "word" | "tiff"; octets: Uint8Array }
  | { does: "slides"; octets: Uint8Array; slide: string }
  | { does: "zip"; octets: Uint8Array; files: { name: string; octets: Uint8Array }[] };

export type Answer = { value: unknown } | { failed: "big" | "broken" };

const patience = 20_000; // milliseconds

/** Has a file read in a worker of its own. Throws Unshown where that fails or takes too long, and nothing of it goes on. */
export function read<T>(task: Task, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const worker = new FilesWorker();
    const end = (how: () => void) => {
      clearTimeout(timer);
      worker.terminate();
      how();
    };
    const timer = setTimeout(() => end(() => reject(new Unshown("slow"))), patience);
    signal.addEventListener("abort", () => end(() => reject(signal.reason)));
    worker.onerror = () => end(() => reject(new Unshown("broken")));
    worker.onmessage = ({ data }: MessageEvent<Answer>) => end(() => ("value" in data ? resolve(data.value as T) : reject(new Unshown(data.failed))));
    worker.postMessage(task);
  });
}
