import { expect, test } from "vitest";
import type { Session } from "../../jmap/client.js";
import { memory } from "../memory.js";
import { Opened, Vault, type Shelves } from "./vault.js";

const passphrase = "quiet harbour 27";
const hour = 3_600_000;
const session = { havenPerson: "A1", havenShared: false, havenOfflineSeconds: 24 * 3600, havenIdleSeconds: 3600 } as Session;

async function made() {
  const on = { front: memory(), pieces: memory() } satisfies Shelves;
  const vault = await Vault.make(session, passphrase, on, 1000);
  await vault.put("head", { subject: "Methadone" }, "m1");
  return { on, vault };
}

const left = ({ on }: Awaited<ReturnType<typeof made>>) => on.front.all.size + on.pieces.all.size;

test("it is found again, and opened by its passphrase alone", async () => {
  const { on } = await made();
  const found = (await Vault.find(Date.now(), on)) as Vault;
  expect(found.whose).toBe("A1");
  expect(await found.open("another passphrase")).toBe("wrong");
  const opened = (await found.open(passphrase)) as Opened;
  expect(await opened.read("head")).toEqual({ subject: "Methadone" });
  expect(await opened.read("nothing")).toBeUndefined();
});

test("what is as it was is known without opening it", async () => {
  const { vault } = await made();
  expect(await vault.sizeOf("head", "m1")).toBeGreaterThan(0);
  expect(await vault.sizeOf("head", "m2")).toBeUndefined();
  expect(await vault.sizeOf("other", "m1")).toBeUndefined();
});

test("a day after the service was heard it is destroyed unopened", async () => {
  const m = await made();
  expect(await Vault.find(Date.now() + 24 * hour, m.on)).toBe("late");
  expect(left(m)).toBe(0);
});

test("hearing the service has it last", async () => {
  const { on, vault } = await made();
  await vault.heardNow(session, Date.now() + 20 * hour);
  expect(await Vault.find(Date.now() + 30 * hour, on)).toBeInstanceOf(Vault);
});

test("a service that lets nobody keep mail any more ends it", async () => {
  const m = await made();
  await m.vault.heardNow({ ...session, havenOfflineSeconds: 0 });
  expect(await Vault.find(Date.now(), m.on)).toBe("late");
  expect(left(m)).toBe(0);
});

test("a clock that was put back opens nothing", async () => {
  const m = await made();
  const later = Date.now() + 10 * hour;
  expect(await ((await Vault.find(later, m.on)) as Vault).open(passphrase, later)).toBeInstanceOf(Opened);
  expect(await Vault.find(Date.now(), m.on)).toBe("clock");
  expect(left(m)).toBe(0);
});

test("who changes on the disk when it has to go is found out once it is opened", async () => {
  const m = await made();
  const later = Date.now() + 48 * hour;
  const front = m.on.front.all.get("lock") as { contact: { heard: number; seen: number } };
  front.contact = { heard: later, seen: later };
  const found = (await Vault.find(later, m.on)) as Vault;
  expect(await found.open(passphrase, later)).toBe("late");
  expect(left(m)).toBe(0);
});

test("one that was destroyed does not come back with what was on its way", async () => {
  const m = await made();
  await m.vault.destroy();
  await m.vault.heardNow(session);
  expect(await Vault.find(Date.now(), m.on)).toBeUndefined();
});

test("nothing is put under the lock of another vault, nor without one", async () => {
  const { on, vault } = await made();
  const another = await Vault.make(session, "another passphrase", on, 1000);
  await expect(vault.put("letter/1", {})).rejects.toThrow("thrown away");
  await vault.heardNow(session);
  await vault.destroy();
  expect(await ((await Vault.find(Date.now(), on)) as Vault).open("another passphrase")).toBeInstanceOf(Opened);
  await another.destroy();
  await expect(another.put("letter/1", {})).rejects.toThrow("thrown away");
  expect(on.pieces.all.size).toBe(0);
});

test("pieces of the lock before are not taken for its own", async () => {
  const { on } = await made();
  const left = on.pieces.all.get("head");
  const another = await Vault.make(session, passphrase, on, 1000);
  on.pieces.all.set("head", left);
  expect(await another.sizeOf("head", "m1")).toBeUndefined();
});

test("nothing of it can be read as it lies", async () => {
  const { on, vault } = await made();
  await vault.put("A1/T1", { subject: "Methadone", from: "ward@hospital.test" });
  const latin = new TextDecoder("latin1");
  const whole = JSON.stringify([...on.front.all, ...on.pieces.all], (_, v: unknown) => (v instanceof ArrayBuffer || v instanceof Uint8Array ? latin.decode(v) : v));
  for (const word of ["Methadone", "ward", "subject", "harbour"]) expect(whole).not.toContain(word);
});
