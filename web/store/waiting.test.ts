import { QueryClient } from "@tanstack/react-query";
import { beforeEach, expect, test, vi } from "vitest";
import type { Server } from "./server.js";
import { CalledBack, Waiting, type Own, type Refused, type Waits } from "./waiting.js";

type Asked = { name: string; args: Record<string, any> };

/** A service with submissions. */
function service(list: object[], refuse?: string, refuseNew?: string) {
  const asked: Asked[] = [];
  const one = vi.fn(async (c: Asked) => {
    asked.push(c);
    if (c.name !== "EmailSubmission/set") return { list };
    if (c.args.update) return refuse ? { updated: null, notUpdated: { S1: { type: refuse } } } : { updated: { S1: null }, notUpdated: null };
    if (refuseNew) return { created: null, notCreated: { send: { type: refuseNew } } };
    return { created: { send: { id: "S2", sendAt: "2026-12-01T08:00:00Z" } }, notCreated: null };
  });
  const request = vi.fn(async () => [
    { list: [{ id: "D", role: "drafts" }, { id: "Sent", role: "sent" }] },
    { list: [{ id: "I9", email: "SHOP@haven.test" }] },
  ]);
  return { server: { one, request } as unknown as Server, asked };
}

const own: Own = { accountId: "A", submission: "S1", emailId: "M1", subject: "List", note: 7 };
const told: Refused[] = [];
beforeEach(() => void (told.length = 0));

function waiting(list: object[], refuse?: string) {
  const { server, asked } = service(list, refuse);
  const drop = vi.fn();
  const w = new Waiting(server, new QueryClient(), { drop });
  w.watch((r) => told.push(r));
  w.follow(own);
  return { w, asked, drop };
}

const failed = { a: { delivered: "no", smtpReply: "550 5.7.1 Ben answered.", displayed: "unknown" } };

test("a letter that is refused as it goes is told of, once", async () => {
  const { w } = waiting([{ id: "S1", threadId: "T", undoStatus: "canceled", deliveryStatus: failed }]);
  await w.changed("A");
  await w.changed("A");
  expect(told).toEqual([{ ...own, threadId: "T", became: { to: "nobody", why: "Ben answered.", who: ["a"] } }]);
});

test("one that went, one that somebody called back, and one of another mailbox are not", async () => {
  for (const s of [{ undoStatus: "final", deliveryStatus: {} }, { undoStatus: "canceled", deliveryStatus: null }]) {
    const { w } = waiting([{ id: "S1", threadId: "T", ...s }]);
    await w.changed("A");
    await w.changed("B");
  }
  expect(told).toEqual([]);
});

test("what still waits is known before somebody leaves", async () => {
  const { w } = waiting([{ id: "S1", undoStatus: "pending", sendAt: "2026-12-01T08:00:00Z" }]);
  expect(await w.still()).toEqual([{ own, sendAt: new Date("2026-12-01T08:00:00Z") }]);
  w.forget("S1");
  expect(await w.still()).toEqual([]);
});

test("another time calls back first, and then sends the same letter as whoever does it now", async () => {
  const { w, asked, drop } = waiting([]);
  const was = { id: "S1", emailId: "M1", identityId: "I1", envelope: { mailFrom: { email: "shop@haven.test", parameters: { HOLDUNTIL: "x", SMTPUTF8: null } }, rcptTo: [{ email: "b" }] } } as unknown as Waits;
  const now = await w.change("A", was, new Date("2026-12-01T08:00:00Z"));
  expect(asked.map((a) => Object.keys(a.args)[1])).toEqual(["update", "create"]);
  const { send } = asked[1]?.args.create;
  expect(send).toEqual({ emailId: "M1", identityId: "I9", envelope: { mailFrom: { email: "shop@haven.test", parameters: { SMTPUTF8: null, HOLDUNTIL: "2026-12-01T08:00:00Z" } }, rcptTo: [{ email: "b" }] } });
  expect(now.id).toBe("S2");
  expect(drop).toHaveBeenCalledWith(7);
});

test("one that went already is not sent again", async () => {
  const { w, asked } = waiting([], "cannotUnsend");
  await expect(w.change("A", { id: "S1", emailId: "M1", envelope: {} } as Waits, undefined)).rejects.toThrow();
  expect(asked).toHaveLength(1);
});

test("one that was called back and is refused then is told apart: it is a draft", async () => {
  const { server } = service([], undefined, "forbiddenToSend");
  const w = new Waiting(server, new QueryClient(), { drop: () => {} });
  const failed = w.change("A", { id: "S1", emailId: "M1", envelope: { mailFrom: { email: "a" }, rcptTo: [] } } as unknown as Waits, undefined);
  await expect(failed).rejects.toBeInstanceOf(CalledBack);
  await expect(failed).rejects.toMatchObject({ cause: { type: "forbiddenToSend" } });
});
