// What a person or a premises chose for a mailbox: automatic reply, filters, signatures. Each is read when it is looked at.

import { call, created, updated, MethodError, type AccountId, type IdentityId, type VacationResponse, type VacationResponsePatch } from "../jmap/client.js";
import { readScript, writeScript, type Script } from "../model/filters.js";
import type { Server } from "./server.js";

/** The automatic reply of a mailbox. */
export async function reply(server: Server, accountId: AccountId): Promise<{ reply: VacationResponse; state: string }> {
  const { list, state } = await server.one(call("VacationResponse/get", { accountId, ids: ["singleton"] }));
  return { reply: list[0] as VacationResponse, state };
}

/** Changes it, and gives its state then. Where somebody else did since it was read, it throws MethodError stateMismatch. */
export async function setReply(server: Server, accountId: AccountId, patch: VacationResponsePatch, since: string): Promise<string> {
  const answer = await server.one(call("VacationResponse/set", { accountId, ifInState: since, update: { singleton: patch } }), { act: true });
  updated(answer, "singleton" as never);
  return answer.newState;
}

/** Changes the signature of an identity. */
export async function setSignature(server: Server, accountId: AccountId, id: IdentityId, textSignature: string): Promise<void> {
  const htmlSignature = textSignature
    .split("\n")
    .map((line) => line.replace(/[&<>]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[c] as string))
    .join("<br>");
  updated(await server.one(call("Identity/set", { accountId, update: { [id]: { textSignature, htmlSignature } } }), { act: true }), id);
}

export interface Filters {
  /** Of the script that is run; undefined: there is none yet. */
  id?: string;
  name?: string | null;
  script: Script;
  state: string;
  /** The text as it was read. */
  text: string;
}

/** The filters that are run over what arrives. */
export async function filters(server: Server, accountId: AccountId): Promise<Filters> {
  const { list, state } = await server.one(call("SieveScript/get", { accountId, ids: null }));
  const active = list.find((s) => s.isActive);
  if (!active) return { script: readScript(""), state, text: "" };
  const text = await (await server.download(accountId, active.blobId)).text();
  return { id: active.id, name: active.name, script: readScript(text), state, text };
}

const type = "application/sieve";

/** Keeps filters, and has them run. Throws SetFailed where the script is wrong (invalidSieve) or somebody else changed the filters (MethodError stateMismatch). */
export async function setFilters(server: Server, accountId: AccountId, was: Filters, script: Script): Promise<void> {
  const { blobId } = await server.upload(accountId, writeScript(script), type);
  if (was.id !== undefined) {
    updated(await server.one(call("SieveScript/set", { accountId, ifInState: was.state, update: { [was.id]: { blobId } } }), { act: true }), was.id);
    return;
  }
  const args = { accountId, ifInState: was.state, create: { new: { name: null, blobId } }, onSuccessActivateScript: "#new" } as const;
  created(await server.one(call("SieveScript/set", args), { act: true }), "new");
}

/** Whether somebody else changed what was to be changed. */
export function wasChanged(error: unknown): boolean {
  return error instanceof MethodError && error.type === "stateMismatch";
}
