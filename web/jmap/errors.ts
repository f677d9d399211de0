// What can go wrong: the request whole, one of its methods, one object of a /set.

import type { Created, Id, IdMap, SetError } from "./types.js";

/** The request was refused whole (RFC 8620 §3.6.1), or what was to be read or uploaded was. */
export class RequestError extends Error {
  override readonly name = "RequestError";

  constructor(
    /** Of HTTP. */
    readonly status: number,
    /** Such as urn:ietf:params:jmap:error:limit; about:blank for what HTTP's status says. */
    readonly type: string,
    detail: string,
    /** Which limit it is over. */
    readonly limit?: string,
    /** The rule that decided, such as session.other-person. */
    readonly rule?: string,
  ) {
    super(detail || type);
  }

  /** What an HTTP answer says of why it is none. */
  static async from(response: Response): Promise<RequestError> {
    try {
      const p = (await response.json()) as { type?: string; title?: string; detail?: string; limit?: string; rule?: string };
      return new RequestError(response.status, p.type ?? "about:blank", p.detail ?? p.title ?? response.statusText, p.limit, p.rule);
    } catch {
      return new RequestError(response.status, "about:blank", response.statusText);
    }
  }
}

/** A method did nothing (RFC 8620 §3.6.2). */
export class MethodError extends Error {
  override readonly name = "MethodError";
  /** Such as stateMismatch, cannotCalculateChanges, invalidArguments. */
  readonly type: string;

  constructor(
    readonly method: string,
    /** All that was said of it. */
    readonly says: { type: string; description?: string; [more: string]: unknown },
  ) {
    super(`${method}: ${says.description ?? says.type}`);
    this.type = says.type;
  }
}

/** One object was not created, changed or destroyed (RFC 8620 §5.3). */
export class SetFailed extends Error {
  override readonly name = "SetFailed";
  readonly type: string;

  constructor(
    /** Its id, or its creation id. */
    readonly id: string,
    readonly says: SetError,
  ) {
    super(`${id}: ${says.description ?? says.type}`);
    this.type = says.type;
  }
}

const unsaid: SetError = { type: "serverFail", description: "Nothing was said of it." };

/** What the service says of an object that it made. Throws SetFailed where it did not. */
export function created<T extends { id: Id }>(
  answer: { created: Record<string, Created<T>> | null; notCreated: Record<string, SetError> | null },
  creationId: string,
): Created<T> {
  const made = answer.created?.[creationId];
  if (!made) throw new SetFailed(creationId, answer.notCreated?.[creationId] ?? unsaid);
  return made;
}

/** What changed of an object beyond what was asked, or null. Throws SetFailed where it was not changed. */
export function updated<I extends Id, T>(answer: { updated: IdMap<I, T | null> | null; notUpdated: IdMap<I, SetError> | null }, id: I): T | null {
  const now = answer.updated?.[id];
  if (now === undefined) throw new SetFailed(id, answer.notUpdated?.[id] ?? unsaid);
  return now;
}

/** Throws SetFailed where an object is still there. */
export function destroyed<I extends Id>(answer: { destroyed: I[] | null; notDestroyed: IdMap<I, SetError> | null }, id: I): void {
  if (!answer.destroyed?.includes(id)) throw new SetFailed(id, answer.notDestroyed?.[id] ?? unsaid);
}
