// What this browser keeps beyond the page, on a person's own device alone: in IndexedDB, where worker and page see the same.

/** Where a kind of thing is kept, by name. */
export interface Shelf {
  readonly name?: ShelfName;
  get(name: string): Promise<unknown>;
  put(name: string, value: unknown): Promise<void>;
  /** Puts it where something is kept under that name; false: nothing is. */
  replace(name: string, value: unknown): Promise<boolean>;
  /** Puts it as long as what another shelf has under a key is so; false: it is not. */
  putWhile(other: Shelf, key: string, isSo: (value: unknown) => boolean, name: string, value: unknown): Promise<boolean>;
  delete(name: string): Promise<void>;
  names(): Promise<string[]>;
  clear(): Promise<void>;
}

const database = "haven";
const shelves = ["notices", "seal", "pieces"] as const;
export type ShelfName = (typeof shelves)[number];

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("The browser keeps nothing."));
  });
}

/** Opens the database; where there is none it is made, or undefined is given: to look whether something is kept leaves nothing behind. */
async function open(makes: boolean): Promise<IDBDatabase | undefined> {
  const request = indexedDB.open(database, 1);
  let isNew = false;
  request.onupgradeneeded = () => {
    isNew = true;
    if (makes) shelves.forEach((s) => request.result.createObjectStore(s));
    else request.transaction?.abort();
  };
  try {
    const db = await done(request);
    db.onversionchange = () => db.close(); // whoever deletes it does not wait
    return db;
  } catch (error) {
    if (isNew && !makes) return undefined;
    throw error;
  }
}

/** Does something with a shelf, and keeps the database open no longer. undefined: there is none, and none is made. */
async function on<T>(name: ShelfName, mode: "readonly" | "readwrite", doing: (store: IDBObjectStore) => Promise<T>, makes = false): Promise<T | undefined> {
  const db = await open(makes);
  if (!db) return undefined;
  try {
    return await doing(db.transaction(name, mode).objectStore(name));
  } finally {
    db.close();
  }
}

export function shelf(name: ShelfName): Shelf {
  return {
    name,
    get: (key) => on(name, "readonly", (s) => done(s.get(key))),
    put: async (key, value) => void (await on(name, "readwrite", (s) => done(s.put(value, key)), true)),
    replace: async (key, value) => (await on(name, "readwrite", (s) => replaced(s, key, value))) ?? false,
    putWhile: (other, key, isSo, under, value) => putWhile(name, other.name ?? name, key, isSo, under, value),
    delete: (key) => on(name, "readwrite", (s) => done(s.delete(key))),
    names: async () => ((await on(name, "readonly", (s) => done(s.getAllKeys()))) ?? []) as string[],
    clear: () => on(name, "readwrite", (s) => done(s.clear())),
  };
}

async function replaced(store: IDBObjectStore, key: string, value: unknown): Promise<boolean> {
  const there = (await done(store.count(key))) > 0;
  if (there) await done(store.put(value, key));
  return there;
}

/** Both shelves are looked at together, so that nothing comes between. */
async function putWhile(name: ShelfName, other: ShelfName, key: string, isSo: (value: unknown) => boolean, under: string, value: unknown): Promise<boolean> {
  const db = await open(false);
  if (!db) return false;
  try {
    const tx = db.transaction([name, other], "readwrite");
    const is = isSo(await done(tx.objectStore(other).get(key)));
    if (is) await done(tx.objectStore(name).put(value, under));
    return is;
  } finally {
    db.close();
  }
}

/** Whether anything was ever kept here. Where a browser can't tell, it may have been. */
export async function isAnyKept(): Promise<boolean> {
  if (typeof indexedDB === "undefined") return false;
  if (!indexedDB.databases) return true;
  return (await indexedDB.databases()).some((d) => d.name === database);
}

/** Throws away all of it. */
export async function throwAway(): Promise<void> {
  if (!(await isAnyKept())) return;
  const db = await open(false);
  if (!db) return;
  try {
    const tx = db.transaction([...shelves], "readwrite");
    await Promise.all(shelves.map((s) => done(tx.objectStore(s).clear())));
  } finally {
    db.close();
  }
  await done(indexedDB.deleteDatabase(database)); // what holds it open lets it go when it is told
}
