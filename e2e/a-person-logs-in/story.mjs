import assert from "node:assert/strict";

export default async ({ page, base, look, run, data }) => {
  const me = data.people[run];
  const fresh = `quiet amber lantern ${run}`;
  const title = () => page.locator("h1").innerText();

  await page.goto(base);
  await look("start");
  await page.getByRole("link", { name: "Log in" }).first().click();
  await look("log-in");
  await page.getByLabel("Your address").fill(me.Address);
  await page.locator("#password").fill("wrong");
  await page.getByRole("button", { name: "Log in" }).click();
  await look("log-in-wrong");
  assert.match(await page.title(), /^Error: /);
  assert.equal(await page.getByLabel("Your address").inputValue(), me.Address);
  assert.equal(await page.locator("#password").inputValue(), "", "the password came back");
  await page.locator("#password").fill(me.Password);
  await page.getByRole("button", { name: "Log in" }).click();
  assert.equal(await title(), "My mailboxes");
  await page.getByText(data.pharmacy).waitFor();
  await look("mailboxes");

  await page.getByRole("link", { name: "My account" }).click();
  await look("account");
  await page.getByRole("link", { name: "See where you are logged in" }).click();
  await look("sessions");
  await page.goto(`${base}/account/password`);
  await look("password");
  await page.getByRole("button", { name: "Change password" }).click();
  await look("password-empty");
  await page.locator("#password").fill(me.Password);
  await page.locator("#new").fill(fresh);
  await page.locator("#again").fill(fresh);
  await page.getByRole("button", { name: "Change password" }).click();
  assert.equal(await title(), "Your password is changed");
  await look("password-changed");
  await page.getByRole("link", { name: "Go to my mailboxes" }).click();
  await page.getByRole("link", { name: "Switch person" }).click();
  await look("switch");
  await page.getByRole("button", { name: "Log out and let another person in" }).click();
  assert.equal(await title(), "Log in");
  await page.goBack();
  assert.equal(await page.getByText(data.pharmacy).count(), 0, "going back shows what was there");

  for (const path of ["status", "help", "about/privacy", "about/accessibility", "about/cookies", "about/acceptable-use", "nowhere"]) {
    await page.goto(`${base}/${path}`);
    await look(path.replace("/", "-"));
  }
};
