import assert from "node:assert/strict";

const typed = 'Repeat prescriptions & <b>"discharge"</b>\nask for Ben 💊';

export default async ({ page, context, base, look, script, run, data }) => {
  const { aisha, ben } = data.runs[run];
  const logIn = async (who) => {
    await page.getByLabel("Your address").fill(who.Address);
    await page.locator("#password").fill(who.Password);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("heading", { name: "My mailboxes" }).waitFor();
  };
  const unlock = async (who) => {
    await page.getByRole("heading", { name: "This page is locked" }).waitFor();
    assert.equal(await page.getByText("Repeat prescriptions").count(), 0, "the locked page shows what was typed");
    await page.getByLabel(`Password of`).fill(who.Password);
    await page.getByRole("button", { name: "Unlock", exact: true }).click();
  };
  if (script) await page.clock.install();
  await page.goto(`${base}/log-in`);
  await logIn(aisha);
  await page.getByRole("link", { name: /^Pharmacy FAA/ }).first().click();
  await page.getByRole("heading", { name: "Pharmacy" }).first().waitFor();
  const mailbox = page.url();

  if (script) { // nobody is there for ten minutes
    await page.goto(`${mailbox}/about`);
    await page.locator("#about").fill(typed);
    await page.clock.fastForward("10:01");
    await page.getByRole("heading", { name: "This page is locked" }).waitFor();
    await look("locked");
    await unlock(aisha);
    await page.getByText("is back. Nothing was sent.").waitFor();
    assert.equal(await page.locator("#about").inputValue(), typed);
    await look("back");
    await page.getByRole("button", { name: "Throw it away" }).click();
    await page.getByRole("heading", { name: "About this mailbox" }).waitFor();
    assert.equal(await page.locator("#about").inputValue(), "");
  }

  // She locks it herself.
  await page.goto(`${mailbox}/add`);
  await page.getByRole("button", { name: "Lock", exact: true }).click();
  await unlock(aisha);
  await page.getByRole("heading", { name: "Give a colleague access" }).waitFor();

  // A second tab shows her page still, while Ben logs in at the first.
  const second = await context.newPage();
  await second.goto(`${mailbox}/about`);
  await second.locator("#about").fill(typed);
  await page.bringToFront();
  await page.getByRole("link", { name: "Switch person" }).click();
  await page.getByRole("button", { name: "Log out and let another person in" }).click();
  await page.getByRole("heading", { name: "Log in" }).waitFor();
  if (script) {
    await second.getByRole("heading", { name: "Log in" }).waitFor();
    assert.equal(await second.locator("#about").count(), 0, "the second tab shows what it held");
  } else { // without script it can do nothing any more
    await second.getByRole("button", { name: "Save" }).click();
    await second.getByText("You are not logged in any more").waitFor();
  }
  await logIn(ben);
  await page.goto(`${mailbox}/about`);
  await page.getByRole("heading", { name: "You can't do this" }).waitFor();
  assert.equal(await page.getByText("Repeat").count(), 0, "Ben is given what Aisha typed");
};
