import type { Shelf } from "./kept.js";

/** A shelf in memory, for tests. */
export function memory(): Shelf & { all: Map<string, unknown> } {
  const all = new Map<string, unknown>();
  return {
    all,
    get: async (name) => all.get(name),
    put: async (name, value) => void all.set(name, structuredClone(value)),
    replace: async (name, value) => all.has(name) && !!all.set(name, structuredClone(value)),
    putWhile: async (other, key, isSo, name, value) => isSo(await other.get(key)) && !!all.set(name, structuredClone(value)),
    delete: async (name) => void all.delete(name),
    names: async () => [...all.keys()],
    clear: async () => all.clear(),
  };
}
