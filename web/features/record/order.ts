import type { Facts } from "../../model/record/fhir.js";
import type { Paper } from "../../model/record/pdf.js";
import type { Format } from "../../store/filings.js";
import RecordWorker from "./record.worker.ts?worker";

/** What is to be made of a letter. */
export interface Order {
  /** What files are called, without their ends. */
  name: string;
  formats: readonly Format[];
  paper: Paper | undefined;
  original: Uint8Array | undefined;
  facts: Omit<Facts, "forms">;
}

export interface ReadyFile {
  name: string;
  type: string;
  octets: Uint8Array;
}

export interface Ready {
  files: ReadyFile[];
  /** All of them, where they are several. */
  zip?: ReadyFile;
  /** Signs that the PDF does not show. */
  lost: number;
}

export type Answer = { value: Ready } | { failed: true };

const patience = 60_000; // milliseconds

/** Has it made in a worker of its own. Throws where that fails or takes too long, and nothing of it goes on. */
export function ready(order: Order, signal: AbortSignal): Promise<Ready> {
  return new Promise((resolve, reject) => {
    const worker = new RecordWorker();
    const end = (how: () => void) => {
      clearTimeout(timer);
      worker.terminate();
      how();
    };
    const timer = setTimeout(() => end(() => reject(new Error("slow"))), patience);
    signal.addEventListener("abort", () => end(() => reject(signal.reason)));
    worker.onerror = () => end(() => reject(new Error("broken")));
    worker.onmessage = ({ data }: MessageEvent<Answer>) => end(() => ("value" in data ? resolve(data.value) : reject(new Error("broken"))));
    worker.postMessage(order);
  });
}
