// Zipped documents, unpacked within bounds: what a file says of its own sizes is not believed.

import { Unzip, UnzipInflate, zipSync, type Zippable } from "fflate";

export const mostUnpacked = 80_000_000; // octets
const mostParts = 5_000;

export class TooBig extends Error {}

/** Unpacks those parts whose names are wanted. Throws TooBig beyond the bounds. */
export function unpacked(octets: Uint8Array, wanted: (name: string) => boolean, most = mostUnpacked): Map<string, Uint8Array> {
  const parts = new Map<string, Uint8Array>();
  let total = 0;
  let count = 0;
  const unzip = new Unzip((file) => {
    if (++count > mostParts) throw new TooBig();
    if (!wanted(file.name) || parts.has(file.name)) return; // not begun, it is passed over
    const chunks: Uint8Array[] = [];
    file.ondata = (error, chunk, final) => {
      if (error) throw error;
      total += chunk.length;
      if (total > most) throw new TooBig();
      chunks.push(chunk);
      if (final) parts.set(file.name, joined(chunks));
    };
    file.start();
  });
  unzip.register(UnzipInflate);
  const step = 65_536; // so that a bomb is noticed before it has gone off
  for (let at = 0; at < octets.length; at += step) unzip.push(octets.subarray(at, at + step), at + step >= octets.length);
  return parts;
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((n, c) => n + c.length, 0));
  let at = 0;
  for (const c of chunks) {
    whole.set(c, at);
    at += c.length;
  }
  return whole;
}

/** The same parts as text. */
export function textsOf(parts: ReadonlyMap<string, Uint8Array>): Map<string, string> {
  const reader = new TextDecoder();
  return new Map([...parts].map(([name, octets]) => [name, reader.decode(octets)]));
}

/** Files as one zip, without pressing them: most are pressed already. Names that are the same are told apart, and lead nowhere, unless they are to stay as they are. */
export function zipped(files: readonly { name: string; octets: Uint8Array }[], asNamed = false): Uint8Array {
  const all: Zippable = {};
  for (const { name, octets } of files) {
    const own = name === "__proto__" ? "_proto_" : name; // which would be no entry of an object
    all[asNamed ? own : freeName(safeName(own), (n) => Object.hasOwn(all, n))] = [octets, { level: 0 }];
  }
  return zipSync(all);
}

/** A name that leads nowhere else. */
export function safeName(name: string): string {
  const plain = name.replace(/[\\/:*?"<>|\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, "_").replace(/^[.\s]+|[.\s]+$/g, "");
  return plain.slice(0, 200) || "file";
}

function freeName(name: string, taken: (name: string) => boolean): string {
  const dot = name.lastIndexOf(".");
  const [stem, end] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
  let free = name;
  for (let n = 2; taken(free); n++) free = `${stem} (${n})${end}`;
  return free;
}
