// How pieces are sealed (docs/decisions/036). Whoever has the lock's public key, which lies open, seals; its private key opens, and is itself sealed by what its person alone knows. So the page
// keeps mail up to date without asking for a passphrase, and nothing on the disk opens it.

const curve = { name: "ECDH", namedCurve: "P-256" } as const;
const utf8 = new TextEncoder();

/** Rounds of PBKDF2-SHA-256: what OWASP asks for in 2023, a third of a second on a slow PC. */
export const rounds = 600_000;
const mostRounds = 10_000_000;

/** A sealed piece, as it lies on the disk. */
export interface Sealed {
  /** The public half of the pair that sealed it. */
  by: ArrayBuffer;
  iv: Uint8Array<ArrayBuffer>;
  octets: ArrayBuffer;
}

/** The lock, as it lies on the disk. */
export interface Lock {
  publicKey: ArrayBuffer;
  salt: Uint8Array<ArrayBuffer>;
  rounds: number;
  iv: Uint8Array<ArrayBuffer>;
  /** The private key, sealed by the passphrase. */
  privateKey: ArrayBuffer;
}

/** Makes a lock that a passphrase opens. */
export async function makeLock(passphrase: string, times = rounds): Promise<Lock> {
  const pair = await crypto.subtle.generateKey(curve, true, ["deriveBits"]);
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const publicKey = await crypto.subtle.exportKey("raw", pair.publicKey);
  const by = await keyOf(passphrase, salt, times);
  const privateKey = await crypto.subtle.wrapKey("pkcs8", pair.privateKey, by, { name: "AES-GCM", iv, additionalData: publicKey });
  return { publicKey, salt, rounds: times, iv, privateKey };
}

/** The key that opens what a lock seals; undefined: the passphrase is another one. It can't be taken out of the page. */
export async function openLock(lock: Lock, passphrase: string): Promise<CryptoKey | undefined> {
  if (!(lock.rounds <= mostRounds)) return undefined; // nobody waits for an hour because of what stands on a disk
  const by = await keyOf(passphrase, lock.salt, lock.rounds);
  try {
    return await crypto.subtle.unwrapKey("pkcs8", lock.privateKey, by, { name: "AES-GCM", iv: lock.iv, additionalData: lock.publicKey }, curve, false, ["deriveBits"]);
  } catch {
    return undefined;
  }
}

/** The same words are the same passphrase, however they were typed (RFC 8265 §4). */
async function keyOf(passphrase: string, salt: Uint8Array<ArrayBuffer>, iterations: number): Promise<CryptoKey> {
  const from = await crypto.subtle.importKey("raw", utf8.encode(passphrase.normalize("NFC")), "PBKDF2", false, ["deriveKey"]);
  return crypto.subtle.deriveKey({ name: "PBKDF2", hash: "SHA-256", salt, iterations }, from, { name: "AES-GCM", length: 256 }, false, ["wrapKey", "unwrapKey"]);
}

/** Seals something under a name; another name does not open it. */
export async function seal(publicKey: ArrayBuffer, name: string, value: unknown): Promise<Sealed> {
  const to = await crypto.subtle.importKey("raw", publicKey, curve, false, []);
  const pair = await crypto.subtle.generateKey(curve, false, ["deriveBits"]);
  const by = await crypto.subtle.exportKey("raw", pair.publicKey);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const key = await between(pair.privateKey, to, by, "encrypt");
  const octets = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: utf8.encode(name) }, key, utf8.encode(JSON.stringify(value)));
  return { by, iv, octets };
}

/** Opens what was sealed under a name. It throws where the piece is another one or was changed. */
export async function unseal(privateKey: CryptoKey, name: string, { by, iv, octets }: Sealed): Promise<unknown> {
  const from = await crypto.subtle.importKey("raw", by, curve, false, []);
  const key = await between(privateKey, from, by, "decrypt");
  const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: utf8.encode(name) }, key, octets);
  return JSON.parse(new TextDecoder().decode(plain));
}

/** The key that two pairs have in common, for one piece. */
async function between(own: CryptoKey, other: CryptoKey, salt: ArrayBuffer, use: "encrypt" | "decrypt"): Promise<CryptoKey> {
  const secret = await crypto.subtle.deriveBits({ name: "ECDH", public: other }, own, 256);
  const from = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
  return crypto.subtle.deriveKey({ name: "HKDF", hash: "SHA-256", salt, info: utf8.encode("haven offline") }, from, { name: "AES-GCM", length: 256 }, false, [use]);
}
