import assert from "node:assert/strict";

export default async ({ page, base, look, run, data }) => {
  const { owner, colleague, gone, pharmacy } = data.scenes[run];
  const heading = (name) => page.getByRole("heading", { level: 1, name }).waitFor();
  const press = (name) => page.getByRole("button", { name, exact: true }).click();

  if (run === 0) {
    for (let i = 0; i < 4; i++) { // a little more than three months
      await page.goto(`${base}/demo/clock`);
      await page.getByRole("radio", { name: "30 days" }).check();
      await Promise.all([page.waitForResponse((r) => r.request().method() === "GET" && r.url().endsWith("/demo/clock")), press("Move the clock")]);
    }
  }
  await page.goto(`${base}/log-in`);
  await page.getByLabel("Your address").fill(owner.Address);
  await page.locator("#password").fill(owner.Password);
  await press("Log in");
  await heading("Choose a new password"); // it has expired meanwhile
  await page.locator("#password").fill(owner.Password);
  for (const field of ["#new", "#again"]) await page.locator(field).fill(`violet harbour kettle ${run}`);
  await press("Change password");
  await page.getByText("Your password is changed").waitFor();

  await page.goto(`${base}/mailboxes`);
  await page.getByRole("link", { name: "check who has access to" }).waitFor();
  await look("start");
  await page.locator(".haven-mailbox a").first().click();
  await page.getByRole("link", { name: "check who has access", exact: true }).waitFor();
  await look("mailbox");
  await page.getByRole("link", { name: "check who has access", exact: true }).click();
  await heading("Check who has access");
  await look("review");
  await page.getByLabel(`Take the access away from ${gone.Name}`).check();
  await press("Continue");
  await heading("Check your answers");
  await look("check");
  assert.match(await page.locator("dl").innerText(), new RegExp(`Access ends\\s+${gone.Name}`));
  await press("Confirm");
  await page.getByText("2 kept, 1 ended").waitFor();
  await look("done");
  await page.getByRole("link", { name: "Back to the mailbox" }).click();
  await heading(/Pharmacy/);
  const page_ = await page.locator("main").innerText();
  assert.ok(page_.includes(colleague.Address) && !page_.includes(gone.Address), `not taken away at ${pharmacy}`);
  await page.getByRole("link", { name: "What was done with the mailbox" }).click();
  await page.getByText("An owner looked who has access, and confirmed it").waitFor();
  await page.goto(`${base}/mailboxes`);
  assert.equal(await page.getByRole("link", { name: "check who has access to" }).count(), 0);
};
