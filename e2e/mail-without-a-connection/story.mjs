import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";

const passphrase = "otters by the quiet harbour";

/** All that the browser keeps, as text in which any word of it would be found. */
const kept = (page) =>
  page.evaluate(async () => {
    const latin = new TextDecoder("latin1");
    const open = (name) => new Promise((done, fail) => Object.assign(indexedDB.open(name), { onsuccess: (e) => done(e.target.result), onerror: fail }));
    const all = (store) => new Promise((done, fail) => Object.assign(store, { onsuccess: (e) => done(e.target.result), onerror: fail }));
    const seen = { databases: (await indexedDB.databases()).map((d) => d.name), caches: await caches.keys(), local: Object.keys(localStorage), workers: (await navigator.serviceWorker.getRegistrations()).length };
    let text = "";
    for (const name of seen.databases) {
      const db = await open(name);
      for (const s of db.objectStoreNames) {
        const store = db.transaction(s).objectStore(s);
        const [keys, values] = await Promise.all([all(store.getAllKeys()), all(store.getAll())]);
        text += JSON.stringify([keys, values], (_, v) => (v instanceof ArrayBuffer || ArrayBuffer.isView(v) ? latin.decode(v) : v));
      }
      db.close();
    }
    for (const name of seen.caches) {
      const cache = await caches.open(name);
      for (const request of await cache.keys()) text += request.url + (/\.(js|css)$/.test(request.url) ? "" : await (await cache.match(request)).text());
    }
    return { ...seen, text: text + JSON.stringify({ ...localStorage }) };
  });

const nothing = { databases: [], caches: [], local: [], workers: 0 };
const isNothing = async (page) => {
  await page.waitForFunction(async () => (await navigator.serviceWorker.getRegistrations()).length === 0); // it goes with the last page that it was for
  const { text: _, ...rest } = await kept(page);
  assert.deepEqual(rest, nothing);
};

export default async ({ page, base, look, script, width, run, data }) => {
  if (!script) return;
  const { aisha, ward } = data.runs[run];
  const sign = (name) => writeFileSync(`${data.signs}/${name}-${run}`, "");
  const row = (name) => page.getByRole("row", { name });
  const enter = async (who, shared) => {
    await page.goto(`${base}/log-in?next=/mail/`);
    await page.getByLabel("Your address").fill(who.Address);
    await page.locator("#password").fill(who.Password);
    await page.getByLabel(shared ? "Yes, others use it" : "No, it is mine").check();
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("button", { name: /^Logged in as/ }).waitFor();
  };
  const menu = async (item) => {
    await page.getByRole("button", { name: /^Logged in as/ }).click();
    await page.getByRole("menuitem", { name: item }).click();
  };
  const settings = async () => {
    await menu("Settings");
    await page.getByRole("link", { name: "This computer" }).click();
    await page.getByRole("heading", { name: "Reading without a connection" }).waitFor();
  };
  const logOut = async () => {
    await menu("Log out");
    await page.getByRole("heading", { name: "Log in" }).waitFor();
  };

  // At the counter.
  await enter(aisha, true);
  await row(/Methadone/).waitFor();
  await settings();
  await page.getByText("Nothing of your mail is kept here.").waitFor();
  await look("shared");
  await isNothing(page);
  await logOut();

  // On the own laptop.
  await enter(aisha, false);
  await row(/Methadone/).waitFor();
  const list = page.url();
  await settings();
  await page.getByLabel("Passphrase", { exact: true }).fill("short");
  await page.getByRole("button", { name: "Keep my recent mail here" }).click();
  await page.getByText("It needs at least 12 characters.").waitFor();
  await look("off");
  await page.getByLabel("Passphrase", { exact: true }).fill(passphrase);
  await page.getByLabel("The same passphrase again").fill(passphrase);
  await page.getByRole("button", { name: "Keep my recent mail here" }).click();
  await page.getByText(/2 conversations/).waitFor();
  await look("on");

  // The line breaks.
  sign("stop");
  await page.goto(list);
  for (let tries = 0; tries < 100 && (await page.getByRole("heading", { name: "The service can't be reached" }).count()) === 0; tries++) {
    await page.waitForTimeout(100); // the service takes a moment to go
    if (tries % 10 === 9) await page.goto(list);
  }
  await page.getByLabel("Passphrase").fill("not the passphrase");
  await page.getByRole("button", { name: "Open" }).click();
  await page.getByText("That is not the passphrase.").waitFor();
  assert.equal(await page.getByText("Methadone").count(), 0);
  await look("gate");
  await page.getByLabel("Passphrase").fill(passphrase);
  await page.getByRole("button", { name: "Open" }).click();
  await page.getByText(/^No connection. You see your recent mail/).waitFor();
  await row(/Methadone/).click();
  await page.locator(".letter").getByText("He comes at noon.").waitFor();
  await look("reading");
  const back = async () => {
    if (width < 860) await page.getByRole("button", { name: "Back to the list" }).click();
  };
  await back();
  await row(/Clozapine/).click();
  await page.frameLocator(".letter iframe").getByText("Twelve patients.").waitFor();
  await back();
  await row(/Methadone/).click();
  await page.getByRole("button", { name: "Reply", exact: true }).click();
  const written = page.getByRole("textbox", { name: "Text of the letter" });
  await written.click();
  await page.keyboard.type("Naloxone is ready.");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.getByText("1 letter you wrote waits here for the service.").waitFor();
  await look("waits");
  const { text, databases } = await kept(page);
  assert.deepEqual(databases, ["haven"]);
  for (const word of ["Methadone", "Birch", "noon", "Naloxone", "Clozapine", "Twelve", "hospital.test", aisha.Address, "otters", "Rahman"]) assert.ok(!text.includes(word), `${word} lies open on the disk`);

  // It is there again. In the second run the page was closed meanwhile, and her passphrase is asked for.
  sign("start");
  if (run === 1) {
    const bring = page.getByRole("button", { name: "Bring them there" });
    for (let tries = 0; tries < 50 && (await bring.count()) === 0; tries++) {
      await page.goto(list);
      await bring.or(page.getByRole("heading", { name: "The service can't be reached" })).first().waitFor();
    }
    await bring.click();
    await look("bring");
    await page.getByLabel("Passphrase").fill(passphrase);
    await page.getByRole("dialog").getByRole("button", { name: "Bring them there" }).click();
  }
  await page.getByText("1 letter you wrote without a connection was sent").waitFor({ timeout: 55_000 });
  await page.getByRole("button", { name: "Close", exact: true }).click();
  await look("back");
  await logOut();
  await isNothing(page);

  await enter(ward, true);
  await row(/Re: Methadone/).waitFor({ timeout: 55_000 });
};
