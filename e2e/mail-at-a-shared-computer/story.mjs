import assert from "node:assert/strict";

export default async ({ page, context, base, look, script, run, data }) => {
  if (!script) return; // the client is script; without it the page says what there is else
  const { aisha, ben } = data.runs[run];
  const logIn = async (who) => {
    await page.getByLabel("Your address").fill(who.Address);
    await page.locator("#password").fill(who.Password);
    await page.getByRole("button", { name: "Log in" }).click();
  };
  const unlock = async (who) => {
    await page.getByRole("heading", { name: "This page is locked" }).waitFor();
    assert.equal(await page.getByText("Discharge note").count(), 0, "the locked page shows what was read");
    await page.getByLabel("Password of").fill(who.Password);
    await page.getByRole("button", { name: "Unlock", exact: true }).click();
    await page.locator(".letter").getByText("Two tablets at night.").waitFor();
  };
  const menu = async (item) => {
    await page.getByRole("button", { name: /^Logged in as/ }).click();
    await page.getByRole("menuitem", { name: item }).click();
  };
  await page.clock.install();
  await page.goto(`${base}/mail/`);
  await logIn(aisha);
  await page.getByRole("row", { name: /Discharge note/ }).click();
  await page.locator(".letter").getByText("Two tablets at night.").waitFor();
  await page.getByRole("heading", { name: "Discharge note" }).waitFor();
  await look("reading");
  await page.getByRole("button", { name: /^Logged in as/ }).click();
  await page.getByRole("menuitem", { name: "Lock" }).waitFor();
  await look("menu");
  await page.keyboard.press("Escape");
  const letter = page.url();

  // Nobody is there for ten minutes.
  await page.clock.fastForward("10:01");
  await unlock(aisha);
  assert.equal(page.url(), letter);

  // She locks it herself, in all tabs.
  const second = await context.newPage();
  await second.goto(letter);
  await second.getByRole("heading", { name: "Discharge note" }).waitFor();
  await page.bringToFront();
  await menu("Lock");
  await second.getByRole("heading", { name: "This page is locked" }).waitFor();
  await unlock(aisha);

  // Ben comes. What was open shows nothing any more.
  await second.goto(letter);
  await second.getByRole("heading", { name: "Discharge note" }).waitFor();
  await page.bringToFront();
  await menu("Switch person");
  await page.getByRole("button", { name: "Log out and let another person in" }).click();
  await page.getByRole("heading", { name: "Log in" }).waitFor();
  await second.getByRole("heading", { name: "Log in" }).waitFor();
  assert.equal(await second.getByText("Discharge note").count(), 0, "the second tab shows what it held");
  await logIn(ben);
  await page.goto(`${base}/mail/`);
  await page.getByRole("row", { name: /For Ben alone/ }).waitFor();
  await look("bens");
  assert.equal(await page.getByText("Discharge note").count(), 0, "Ben sees a mailbox that is not his");

  // Aisha's address leads Ben to his own mail.
  await page.goto(letter);
  await page.getByRole("row", { name: /For Ben alone/ }).waitFor();
  await menu("Log out");
  await page.getByRole("heading", { name: "Log in" }).waitFor();
  await page.goBack();
  await page.getByRole("heading", { name: "Log in" }).waitFor();
  assert.equal(await page.getByText("For Ben alone").count(), 0, "Back shows mail after the log out");
};
