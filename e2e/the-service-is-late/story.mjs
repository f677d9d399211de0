import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";

export default async ({ page, base, look, script, width, run, data }) => {
  if (!script) return;
  const { aisha } = data.runs[run];
  await page.clock.install();
  await page.goto(`${base}/log-in?next=/mail/`);
  await page.getByLabel("Your address").fill(aisha.Address);
  await page.locator("#password").fill(aisha.Password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("row", { name: /Which strength/ }).waitFor();
  const banner = page.getByText(/^Letters out of here wait since .*\d\d:\d\d/);
  await banner.waitFor();
  await look("waits");

  const inbox = async (which) => {
    if (width < 1000) await page.getByRole("button", { name: "Mailboxes and folders" }).click();
    await page.getByRole("link", { name: /^Inbox/ }).nth(which).click();
  };
  await inbox(0);
  await banner.waitFor({ state: "detached" });
  await inbox(1);
  await banner.waitFor();

  // It goes, and the page asks again in a minute.
  writeFileSync(`${data.signs}/seen-${run}`, "");
  await page.clock.fastForward("01:05");
  for (let tries = 0; tries < 30 && (await banner.count()) > 0; tries++) {
    await page.waitForTimeout(200);
    await page.clock.fastForward("01:05");
  }
  assert.equal(await banner.count(), 0, "it still says that letters wait");
};
