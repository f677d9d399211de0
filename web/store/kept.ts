// What this browser keeps beyond the page, on a person's own device alone: in IndexedDB, where worker and page see the same.

/** Where a kind of thing is kept, by name. */
export interface Shelf {
  get(name: string): Promise<unknown>;
  put(name: string, value: unknown): Promise<void>;
  /** Puts it where something is kept under that name; false: nothing is. */
  replace(name: string, value: unknown): Promise<boolean>;
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

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(database, 1);
  request.onupgradeneeded = () => shelves.forEach((s) => request.result.createObjectStore(s));
  return done(request).then((db) => {
    db.onversionchange = () => db.close(); // whoever deletes it does not wait
    return db;
  });
}

/** Does something with a shelf, and keeps the database open no longer. */
async function on<T>(name: ShelfName, mode: IDBTransactionMode, doing: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const db = await open();
  try {
    return await done(doing(db.transaction(name, mode).objectStore(name)));
  } finally {
    db.close();
  }
}

export function shelf(name: ShelfName): Shelf {
  return {
    get: (key) => on(name, "readonly", (s) => s.get(key)),
    put: async (key, value) => void (await on(name, "readwrite", (s) => s.put(value, key))),
    replace: (key, value) => replace(name, key, value),
    delete: (key) => on(name, "readwrite", (s) => s.delete(key)),
    names: async () => (await on(name, "readonly", (s) => s.getAllKeys())) as string[],
    clear: () => on(name, "readwrite", (s) => s.clear()),
  };
}

async function replace(name: ShelfName, key: string, value: unknown): Promise<boolean> {
  const db = await open();
  try {
    const store = db.transaction(name, "readwrite").objectStore(name);
    const there = (await done(store.count(key))) > 0;
    if (there) await done(store.put(value, key));
    return there;
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
  const db = await open();
  try {
    const tx = db.transaction([...shelves], "readwrite");
    await Promise.all(shelves.map((s) => done(tx.objectStore(s).clear())));
  } finally {
    db.close();
  }
  await done(indexedDB.deleteDatabase(database)); // what holds it open lets it go when it is told
}
