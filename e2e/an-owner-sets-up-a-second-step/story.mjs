import assert from "node:assert/strict";
import { createHmac } from "node:crypto";

// totp is the code that an app shows for a key (RFC 6238), on a clock that is so many milliseconds ahead.
const totp = (key, ahead) => {
  const bits = [...key.replaceAll(" ", "")].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
  const secret = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor((Date.now() + ahead) / 30_000)));
  const mac = createHmac("sha1", secret).update(counter).digest();
  const code = (mac.readUInt32BE(mac.at(-1) & 15) & 0x7fffffff) % 1_000_000;
  return String(code).padStart(6, "0");
};

const week = 7 * 24 * 3600_000;

export default async ({ page, base, look, run, data }) => {
  const me = data.people[run];
  const heading = (name) => page.getByRole("heading", { name, exact: true }).first().waitFor();
  const logIn = async () => {
    await page.goto(`${base}/log-in`);
    await page.getByLabel("Your address").fill(me.Address);
    await page.locator("#password").fill(me.Password);
    await page.getByLabel("No, it is mine alone").check();
    await page.getByRole("button", { name: "Log in" }).click();
  };

  await logIn();
  await heading("My mailboxes");
  await page.getByText("owners of a mailbox need a second step when they log in").waitFor();
  await look("start-with-the-day");
  await page.getByRole("link", { name: "Set it up in two minutes" }).click();
  await page.getByText("Until then everything works as it is.").waitFor();
  await look("until-the-day");
  await page.getByRole("link", { name: "Not now: go to my mailboxes" }).click();
  await heading("My mailboxes");

  for (let i = 0; i < 2; i++) {
    await page.goto(`${base}/demo/clock`);
    await page.getByLabel("a week", { exact: true }).check();
    await page.getByRole("button", { name: "Move the clock" }).click();
    await page.getByText("It is never moved back").waitFor();
  }
  await logIn();
  await heading("Set up your second step");
  await page.getByText("Reading and answering mail works as before.").waitFor();
  await look("needed-now");
  await page.getByRole("link", { name: "Not now: go to my mailboxes" }).click();
  await heading("My mailboxes");
  await look("start-afterwards");
  await page.locator(".haven-mailbox a").first().click();
  await page.getByRole("link", { name: "Give a colleague access" }).click();
  await page.getByText("factor.required").waitFor();
  await look("turned-back");
  await page.getByRole("link", { name: "Set up the second step" }).click();
  await heading("Second step");
  await page.getByRole("button", { name: "Set up an app" }).click();
  const key = await page.locator(".haven-secret").innerText();
  await look("key");
  await page.locator("#code").fill(totp(key, (run + 1) * 2 * week));
  await page.getByRole("button", { name: "Continue" }).click();
  await heading("The second step is set up");
  assert.equal(await page.locator("code.haven-secret").count(), 10);
  await look("recovery-codes");
  await page.getByRole("link", { name: "I have kept them" }).click();
  await heading("Give a colleague access");
  await page.goto(`${base}/mailboxes`);
  await heading("My mailboxes");
  assert.equal(await page.getByText("second step").count(), 0);
};
