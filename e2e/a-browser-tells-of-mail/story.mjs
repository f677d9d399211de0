import assert from "node:assert/strict";

/** A push service gives out addresses; here none can be had. */
function noPushService() {
  const keys = { p256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4", auth: "BTBZMqHH6r4Tts7J_aSIgg" };
  let there = null;
  const made = { toJSON: () => ({ endpoint: "https://push.example.test/1", keys }), unsubscribe: async () => ((there = null), true) };
  PushManager.prototype.subscribe = async () => (there = made);
  PushManager.prototype.getSubscription = async () => there;
}

const kept = (page) =>
  page.evaluate(async () => ({
    databases: (await indexedDB.databases()).map((d) => d.name),
    caches: await caches.keys(),
    local: Object.keys(localStorage),
    workers: (await navigator.serviceWorker.getRegistrations()).length,
  }));
const nothing = { databases: [], caches: [], local: [], workers: 0 };

export default async ({ page, context, base, look, script, run, data }) => {
  if (!script) return;
  const { aisha, code } = data.runs[run];
  await context.grantPermissions(["notifications"], { origin: base });
  await page.addInitScript(noPushService);
  const enter = async (shared) => {
    await page.goto(`${base}/log-in?next=/mail/`);
    await page.getByLabel("Your address").fill(aisha.Address);
    await page.locator("#password").fill(aisha.Password);
    await page.getByLabel(shared ? "Yes, others use it" : "No, ").check();
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("row", { name: /Methadone/ }).waitFor();
    await page.getByRole("button", { name: /^Logged in as/ }).click();
    await page.getByRole("menuitem", { name: "Settings" }).click();
    await page.getByRole("link", { name: "Notifications" }).click();
  };
  const logOut = async () => {
    await page.getByRole("button", { name: /^Logged in as/ }).click();
    await page.getByRole("menuitem", { name: "Log out" }).click();
    await page.getByRole("heading", { name: "Log in" }).waitFor();
  };

  // At the counter.
  await enter(true);
  await page.getByText("You said at the log in that others use this computer too.").waitFor();
  assert.equal(await page.getByRole("button", { name: /Turn on/ }).count(), 0);
  await look("shared");
  assert.deepEqual(await kept(page), nothing);
  await logOut();

  // On the own laptop.
  const tools = await context.newCDPSession(page);
  const registered = new Promise((told) => tools.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => registrations[0] && told(registrations[0].registrationId)));
  await tools.send("ServiceWorker.enable");
  await enter(false);
  await page.getByText("This browser tells you nothing.").waitFor();
  await page.getByRole("checkbox", { name: /Aisha/ }).uncheck();
  await look("off");
  await page.getByRole("button", { name: "Turn on in this browser" }).click();
  await page.getByText("This browser tells you of new mail.").waitFor();
  await look("on");

  // What comes while she looks at something else.
  await page.goto(`${base}/mailboxes`);
  const { box, own, person } = await page.evaluate(async () => {
    const { accounts, havenPerson } = await (await fetch("/.well-known/jmap")).json();
    const ids = Object.keys(accounts);
    return { box: ids.find((id) => !accounts[id].isPersonal), own: ids.find((id) => accounts[id].isPersonal), person: havenPerson };
  });
  const subscribed = await page.evaluate(async (whose) => {
    const session = await (await fetch("/.well-known/jmap")).json();
    const asked = { using: ["urn:ietf:params:jmap:core"], methodCalls: [["PushSubscription/get", { ids: null }, "0"]] };
    const answer = await fetch(session.apiUrl, { method: "POST", headers: { "Content-Type": "application/json", "Haven-Person": whose }, body: JSON.stringify(asked) });
    return (await answer.json()).methodResponses[0][1].list;
  }, person);
  assert.deepEqual(subscribed.map((s) => s.types), [["EmailDelivery"]]);
  const push = async (states) => {
    const changed = Object.fromEntries(Object.entries(states).map(([id, state]) => [id, { EmailDelivery: state }]));
    await tools.send("ServiceWorker.deliverPushMessage", { origin: base, registrationId: await registered, data: JSON.stringify({ "@type": "StateChange", changed }) });
  };
  const notices = () => page.evaluate(async () => (await (await navigator.serviceWorker.getRegistration("/mail/")).getNotifications()).map(({ title, body, tag }) => ({ title, body, tag })));
  await push({ [box]: "1", [own]: "1" });
  await push({ [own]: "2" });
  await push({ [box]: "2", [own]: "3" });
  for (let tries = 0; tries < 200 && (await notices()).length === 0; tries++) await page.waitForTimeout(50);
  const [notice, ...more] = await notices();
  assert.deepEqual(more, []);
  assert.match(notice.title, new RegExp(code));
  assert.deepEqual({ ...notice, title: "" }, { title: "", body: "New mail", tag: box });

  // Nothing of it outlives the log out.
  await page.goto(`${base}/mail/`);
  await page.getByRole("row", { name: /Methadone/ }).waitFor();
  await logOut();
  assert.deepEqual(await kept(page), nothing);
};
