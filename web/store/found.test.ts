import { expect, test } from "vitest";
import type { Server } from "./server.js";
import { MailList } from "./list.js";

/** A service with two mailboxes, whose letters arrived in turn: those of A in odd hours, those of B in even ones. */
function service() {
  const times: Record<string, number[]> = { A: [9, 7, 5, 3, 1], B: [8, 6, 4, 2] };
  const email = (a: string, hour: number) => ({ id: `M${a}${hour}`, threadId: `T${a}${hour}`, receivedAt: `2026-01-01T0${hour}:00:00Z`, mailboxIds: {}, keywords: {} });
  const request = async (calls: { name: string; args: { accountId: string; limit?: number; filter?: unknown } }[]) =>
    calls.map(({ name, args }, i) => {
      if (name === "Email/query") return { total: times[args.accountId]!.length, ids: times[args.accountId]!.slice(0, args.limit).map((h) => `M${args.accountId}${h}`) };
      const { limit } = calls[i - 1]!.args;
      return { list: times[args.accountId]!.slice(0, limit).map((h) => email(args.accountId, h)) };
    });
  const send = async (calls: { args: { accountId: string; ids?: string[] } }[]) => {
    const { accountId, ids = [] } = calls[0]!.args;
    return { answers: [{}, { list: ids.map((id) => email(accountId, Number(id.slice(2)))) }], further: [] };
  };
  const one = async () => ({ list: [{ emailId: "MA9", subject: null, preview: "<mark>x</mark>" }] });
  const core = { maxObjectsInGet: 1000, maxCallsInRequest: 64 };
  return { request, send, one, session: { capabilities: { "urn:ietf:params:jmap:core": core } } } as unknown as Server;
}

test("what was found in several mailboxes is one list, the newest first, and says where the words are", async () => {
  const list = new MailList(service(), { accountId: "A", filter: {}, everywhere: { A: {}, B: {} }, words: true });
  list.look(0, 20);
  await new Promise((r) => setTimeout(r, 5));
  const { rows, total } = list.snapshot();
  expect(total).toBe(9);
  expect(rows.map((r) => r?.email.id)).toEqual(["MA9", "MB8", "MA7", "MB6", "MA5", "MB4", "MA3", "MB2", "MA1"]);
  expect(rows[1]?.accountId).toBe("B");
  expect(rows[0]?.snippet?.preview).toBe("<mark>x</mark>");
  expect([list.isOf("B"), list.isOf("C")]).toEqual([true, false]);
});
