// Changes of letters: seen at once, told to the service, and taken back where it refuses or the person wishes so.

import { call, SetFailed, type AccountId, type Email, type EmailId, type EmailPatch } from "../jmap/client.js";
import type { InThread } from "../model/row.js";
import type { Server } from "./server.js";

/** What changes of some messages of one account. */
export type Edit = ReadonlyMap<EmailId, Partial<Pick<Email, "mailboxIds" | "keywords">>>;

/** What puts messages back as they are now, of what an edit changes. */
export function inverse(edit: Edit, messages: Iterable<InThread>): Edit {
  const back = new Map<EmailId, Partial<Pick<Email, "mailboxIds" | "keywords">>>();
  for (const m of messages) {
    const change = edit.get(m.id);
    if (!change) continue;
    back.set(m.id, { ...(change.mailboxIds && { mailboxIds: m.mailboxIds }), ...(change.keywords && { keywords: m.keywords }) });
  }
  return back;
}

/** The patch from what is to what is to be: a colleague's change of something else in between stays. */
export function patchOf(was: InThread | undefined, change: Partial<Pick<Email, "mailboxIds" | "keywords">>): EmailPatch {
  const patch: EmailPatch = {};
  if (change.mailboxIds) {
    for (const id of Object.keys(was?.mailboxIds ?? {})) if (!change.mailboxIds[id]) patch[`mailboxIds/${id}`] = null;
    for (const id of Object.keys(change.mailboxIds)) if (!was?.mailboxIds[id]) patch[`mailboxIds/${id}`] = true;
  }
  if (change.keywords) {
    for (const k of Object.keys(was?.keywords ?? {})) if (!change.keywords[k]) patch[`keywords/${pointer(k)}`] = null;
    for (const k of Object.keys(change.keywords)) if (!was?.keywords[k]) patch[`keywords/${pointer(k)}`] = true;
  }
  return patch;
}

/** A name as part of a JSON pointer (RFC 6901 §3). */
function pointer(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

/** Tells the service, in as many requests as it takes. Throws SetFailed of the first message that was not changed though it is there. */
export async function tell(server: Server, accountId: AccountId, patches: ReadonlyMap<EmailId, EmailPatch>): Promise<void> {
  const most = server.session.capabilities["urn:ietf:params:jmap:core"].maxObjectsInSet;
  const all = [...patches].filter(([, patch]) => Object.keys(patch).length > 0);
  for (let from = 0; from < all.length; from += most) {
    const update = Object.fromEntries(all.slice(from, from + most));
    const { notUpdated } = await server.one(call("Email/set", { accountId, update }), { act: true });
    for (const [id, why] of Object.entries(notUpdated ?? {})) {
      if (why.type !== "notFound") throw new SetFailed(id, why); // a colleague deleted it: it is where it was to go, more or less
    }
  }
}

/** Deletes messages for good, in as many requests as it takes. Throws SetFailed of the first that is still there. */
export async function destroyAll(server: Server, accountId: AccountId, ids: readonly EmailId[]): Promise<void> {
  const most = server.session.capabilities["urn:ietf:params:jmap:core"].maxObjectsInSet;
  for (let from = 0; from < ids.length; from += most) {
    const { notDestroyed } = await server.one(call("Email/set", { accountId, destroy: ids.slice(from, from + most) }), { act: true });
    for (const [id, why] of Object.entries(notDestroyed ?? {})) if (why.type !== "notFound") throw new SetFailed(id, why);
  }
}
