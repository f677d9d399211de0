// How large files make a letter, and what there is still room for.

import type { Account } from "../jmap/types.js";

const line = 57; // octets that base64 puts on a line (RFC 2045 §6.8)
const lineWritten = 78;

/** Octets of a file in a letter. */
export function writtenSize(octets: number): number {
  return Math.ceil(octets / line) * lineWritten;
}

/** Octets of files that fit in a letter of at most so many octets beside those that it has, and a long text. */
export function roomFor(most: number, sizes: readonly number[]): number {
  const text = 256 * 1024;
  const left = most - text - sizes.reduce((sum, s) => sum + writtenSize(s), 0);
  return Math.max(0, Math.floor(left / lineWritten) * line);
}

/** Octets that a letter of a mailbox has at most, as the service says. */
export function mostOctets(account: Account | undefined): number {
  const can = account?.accountCapabilities;
  const size = Number(can?.["urn:ietf:params:jmap:submission"]?.submissionExtensions.SIZE?.[0]);
  return size || (can?.["urn:ietf:params:jmap:mail"]?.maxSizeAttachmentsPerEmail ?? Number.POSITIVE_INFINITY);
}
