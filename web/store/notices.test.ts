import { expect, test, vi } from "vitest";
import type { Call, MethodName, PushSubscriptionId } from "../jmap/client.js";
import { memory } from "./memory.js";
import { noted, Notices, type Kept, type PushBrowser } from "./notices.js";
import type { Server } from "./server.js";

vi.mock("./kept.js", () => ({ isAnyKept: async () => true }));

/** A browser that takes subscriptions; answers is what its person says when asked. */
function browserThat(answers: NotificationPermission) {
  let permission: NotificationPermission = "default";
  let there: PushSubscription | null = null;
  const made = { toJSON: () => ({ endpoint: "https://push.example/1", keys: { p256dh: "p", auth: "a" } }), unsubscribe: async () => ((there = null), true) } as unknown as PushSubscription;
  const b: PushBrowser = {
    isSupported: () => true,
    permission: () => permission,
    ask: async () => (permission = answers),
    subscription: async () => there,
    subscribe: async () => (there = made),
  };
  return b;
}

/** A service that keeps push subscriptions. */
function service(session: object = {}) {
  const all: { id: string; deviceClientId: string; verificationCode: string | null }[] = [];
  const one = async ({ name, args }: Call<MethodName, object>) => {
    if (name === "PushSubscription/get") return { list: all.map((s) => ({ ...s })) };
    const { create, destroy } = args as { create?: { s: { deviceClientId: string; url: string; types: string[] } }; destroy?: string[] };
    for (const id of destroy ?? []) all.splice(all.findIndex((s) => s.id === id), 1);
    if (!create) return { destroyed: destroy };
    expect(create.s).toMatchObject({ url: "https://push.example/1", keys: { p256dh: "p", auth: "a" }, types: ["EmailDelivery"] });
    all.push({ id: `p${all.length + 1}` as PushSubscriptionId, deviceClientId: create.s.deviceClientId, verificationCode: null });
    return { created: { s: { id: "p1" } } };
  };
  const mail = { "urn:ietf:params:jmap:mail": {} };
  const whole = {
    havenPerson: "A1",
    havenShared: false,
    capabilities: { "urn:ietf:params:jmap:webpush-vapid": { applicationServerKey: "k" } },
    accounts: { A1: { name: "Aisha", isPersonal: true, accountCapabilities: mail }, A2: { name: "Shop", accountCapabilities: mail } },
    ...session,
  };
  return { all, server: { session: whole, one } as unknown as Server };
}

test.each([
  ["others use the computer", { havenShared: true }, "shared"],
  ["nobody said whether others do", { havenShared: undefined }, "shared"],
  ["the service has none", { capabilities: {} }, "unoffered"],
])("there are none where %s", async (_, session, is) => {
  const { server, all } = service(session);
  const notices = new Notices(server, memory(), browserThat("granted"));
  expect((await notices.turnOn(["A1"])).is).toBe(is);
  expect(all).toEqual([]);
});

test("somebody says no, and nothing is kept", async () => {
  const { server, all } = service();
  const kept = memory();
  expect((await new Notices(server, kept, browserThat("denied")).turnOn(["A1"])).is).toBe("denied");
  expect([all.length, kept.all.size]).toEqual([0, 0]);
});

test("turned on, changed and off", async () => {
  const { server, all } = service();
  const kept = memory();
  const notices = new Notices(server, kept, browserThat("granted"));
  expect(await notices.turnOn(["A1", "A2"])).toEqual({ is: "on", accounts: ["A1", "A2"] });
  expect(all.length).toBe(1);
  expect(await notices.turnOn(["A2"])).toEqual({ is: "on", accounts: ["A2"] });
  expect(all.length).toBe(1); // the same browser is no second one
  expect(await notices.turnOff()).toEqual({ is: "off" });
  expect([all.length, kept.all.size]).toEqual([0, 0]);
});

test("after another log in the service is told of it again, and of no mailbox that was taken away", async () => {
  const { server, all } = service();
  const kept = memory();
  const notices = new Notices(server, kept, browserThat("granted"));
  await notices.turnOn(["A1", "A2"]);
  all.length = 0;
  delete (server.session.accounts as Record<string, unknown>).A2;
  await notices.renew();
  expect(all.length).toBe(1);
  expect((kept.all.get(noted) as Kept).accounts).toEqual(["A1"]);
});

test("what another person turned on is nothing to this one", async () => {
  const kept = memory();
  const b = browserThat("granted");
  await new Notices(service().server, kept, b).turnOn(["A1"]);
  expect(await new Notices(service({ havenPerson: "A9" }).server, kept, b).now()).toEqual({ is: "off" });
});
