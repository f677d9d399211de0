import { expect, test } from "vitest";
import { makeLock, openLock, seal, unseal } from "./seal.js";

const passphrase = "quiet harbour 27";
const few = 1000; // rounds, so that the tests are quick

test("what is sealed is opened by the passphrase, under its name", async () => {
  const lock = await makeLock(passphrase, few);
  const sealed = await seal(lock.publicKey, "head", { subject: "Methadone of Mr Birch" });
  const key = await openLock(lock, passphrase);
  expect(await unseal(key!, "head", sealed)).toEqual({ subject: "Methadone of Mr Birch" });
  await expect(unseal(key!, "other", sealed)).rejects.toThrow();
});

test("another passphrase opens nothing; the same one typed in another way does", async () => {
  const lock = await makeLock("café at the harbour", few);
  expect(await openLock(lock, passphrase)).toBeUndefined();
  expect(await openLock(lock, "cafe\u0301 at the harbour")).toBeDefined();
});

test("a lock that was changed opens nothing, nor one that would take for ever", async () => {
  const lock = await makeLock(passphrase, few);
  const other = await makeLock(passphrase, few);
  expect(await openLock({ ...lock, publicKey: other.publicKey }, passphrase)).toBeUndefined();
  expect(await openLock({ ...lock, rounds: few + 1 }, passphrase)).toBeUndefined();
  expect(await openLock({ ...lock, rounds: 1e12 }, passphrase)).toBeUndefined();
});

test("a piece that was changed, or is another lock's, is not opened", async () => {
  const lock = await makeLock(passphrase, few);
  const sealed = await seal(lock.publicKey, "head", { a: 1 });
  const key = (await openLock(lock, passphrase))!;
  const octets = sealed.octets.slice(0);
  new Uint8Array(octets)[3]! ^= 1;
  await expect(unseal(key, "head", { ...sealed, octets })).rejects.toThrow();
  const other = await makeLock(passphrase, few);
  await expect(unseal((await openLock(other, passphrase))!, "head", sealed)).rejects.toThrow();
});

test("nothing of it can be read as it lies, and no two pieces are alike", async () => {
  const lock = await makeLock(passphrase, few);
  const [a, b] = await Promise.all([seal(lock.publicKey, "head", "Methadone"), seal(lock.publicKey, "head", "Methadone")]);
  const text = (s: ArrayBuffer) => new TextDecoder("latin1").decode(s);
  expect(text(a.octets)).not.toContain("Methadone");
  expect(text(a.octets)).not.toBe(text(b.octets));
  expect(text(lock.privateKey)).not.toContain(passphrase);
});

test("the key can't be taken out of the page", async () => {
  const lock = await makeLock(passphrase, few);
  const key = (await openLock(lock, passphrase))!;
  await expect(crypto.subtle.exportKey("pkcs8", key)).rejects.toThrow();
});
