import assert from "node:assert/strict";
import { createHmac } from "node:crypto";

// totp is the code that an app shows for a key (RFC 6238), steps of half a minute from now.
const totp = (key, step = 0) => {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  let bits = "";
  for (const c of key.replaceAll(" ", "")) bits += alphabet.indexOf(c).toString(2).padStart(5, "0");
  const secret = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + step));
  const mac = createHmac("sha1", secret).update(counter).digest();
  const at = mac[19] & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
};

export default async ({ page, base, look, run, script, width, data }) => {
  const me = data.people[run];
  const fresh = `quiet amber lantern ${run}`;
  const title = () => page.locator("h1").innerText();
  const notice = async (what, find) => {
    await page.goto(`${base}/outbox`);
    for (const href of await page.locator(`tr:has-text("${what}") a`).evaluateAll((all) => all.map((a) => a.getAttribute("href")))) {
      await page.goto(base + href);
      const text = await page.locator("main").innerText();
      const found = text.match(find);
      if (found) return found[1];
    }
    throw new Error(`no notice ${what} with ${find}`);
  };

  await page.goto(`${base}/outbox`);
  await look("outbox");
  const username = await notice("activation.username", new RegExp(`Your username is (${me.replaceAll(".", "\\.")})\\.`));
  await look("outbox-username");
  const number = ["•••801", "•••802", "•••803"][run];
  const password = await notice(number, /Your temporary password for secure mail is (\S+)\. It/);

  const began = Date.now();
  let clicks = 0;
  const click = async (role, name) => {
    clicks++;
    await page.getByRole(role, { name, exact: true }).click();
  };
  await page.goto(base);
  await click("link", "Activate your account");
  await look("activate");
  await click("link", "Log in with the temporary password");
  await page.getByLabel("Your address").fill(username);
  await page.locator("#password").fill(password);
  await click("button", "Log in");
  assert.equal(await title(), "Activate your account");
  await look("tasks");
  await click("link", "Read and accept the rules of use");
  await look("rules");
  await page.getByRole("button", { name: "Accept and continue" }).click();
  await look("rules-not-ticked");
  await page.getByLabel("I have read the rules, and I keep to them").check();
  await click("button", "Accept and continue");
  assert.equal(await title(), "Choose your password");
  await look("first-password");
  if (script) { // it says while one types what is lacking
    for (const [typed, says] of [["short", /more characters needed/], ["1234567890123456", /Easy to guess/], [fresh, /Good so far/]]) {
      await page.locator("#new").fill(typed);
      await page.locator("[data-strength]").filter({ hasText: says }).waitFor();
    }
    await page.locator('[data-rule="length"][data-met="yes"]').waitFor();
    await page.locator('[data-rule="name"][data-met="yes"]').waitFor();
    assert.equal(await page.locator('[data-rule="common"][data-met="yes"]').count(), 0, "what only the server knows is marked as kept");
    await look("first-password-typed");
    await page.locator("#new").fill("Newton");
    await page.locator('[data-rule="length"][data-met="no"]').waitFor();
    await page.locator('[data-rule="name"][data-met="no"]').waitFor();
    await look("first-password-lacking");
  }
  for (const field of ["#new", "#again"]) await page.locator(field).fill("Newton");
  await page.getByRole("button", { name: "Save and continue" }).click();
  await page.locator("#new-error").filter({ hasText: "has fewer than 12 characters" }).filter({ hasText: "holds your name" }).waitFor(); // all at once
  await look("first-password-refused");
  await page.locator("#new").fill(fresh);
  await page.locator("#again").fill(fresh);
  await click("button", "Save and continue");
  assert.equal(await title(), "Security questions");
  await look("questions");
  for (const [n, [question, answer]] of [["1", "Rex"], ["2", "Elm Street"], ["3", "Mrs Bell"]].entries()) {
    await page.locator(`#question-${n + 1}`).selectOption(question);
    await page.locator(`#answer-${n + 1}`).fill(answer);
  }
  await click("button", "Save and continue");
  await look("directory");
  await page.getByLabel("No, hide it").check();
  await click("button", "Save and continue");
  assert.equal(await title(), "Your account is active");
  await look("active");
  await click("link", "Go to my mailboxes");
  await page.getByText(data.pharmacy).waitFor();
  console.log(`activating an account: ${clicks} clicks, ${((Date.now() - began) / 1000).toFixed(1)} s with the checks between, ${script ? "with" : "without"} script, ${width} wide`);

  await page.goto(`${base}/account/second-step`);
  await look("second-step");
  await page.getByRole("button", { name: "Set up an app" }).click();
  await look("second-step-key");
  const key = await page.locator(".haven-secret").innerText();
  await page.locator("#code").fill(totp(key));
  await page.getByRole("button", { name: "Continue" }).click();
  assert.equal(await title(), "The second step is set up");
  await look("recovery");
  await page.goto(`${base}/switch`);
  await page.getByRole("button", { name: "Log out and let another person in" }).click();
  await page.getByLabel("Your address").fill(username);
  await page.locator("#password").fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByText("The user name or the password is wrong.").first().waitFor();
  await page.locator("#password").fill(fresh);
  await page.getByRole("button", { name: "Log in" }).click();
  assert.equal(await title(), "The second step");
  await look("code");
  await page.locator("#code").fill(totp(key, 1)); // the next one: each serves once
  await page.getByRole("button", { name: "Continue" }).click();
  assert.equal(await title(), "My mailboxes");
};
