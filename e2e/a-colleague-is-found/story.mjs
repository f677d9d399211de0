import assert from "node:assert/strict";

export default async ({ page, context, base, look, run, script, width, data }) => {
  const { owner, last, colleague, box, code, mobile } = data.scenes[run];
  const title = () => page.locator("h1").innerText();
  const says = (text) => page.locator("#directory-says").getByText(text).waitFor();
  const field = page.getByLabel("Who are you looking for?");
  const logIn = async (who) => {
    await page.goto(`${base}/log-in`);
    await page.getByLabel("Your address").fill(who.Address);
    await page.locator("#password").fill(who.Password);
    await page.getByRole("button", { name: "Log in" }).click();
  };
  const logOut = () => page.getByRole("button", { name: "Log out" }).click();
  // With script the results are there by themselves.
  const find = async (text) => {
    await field.fill("");
    await field.pressSequentially(text, { delay: 20 });
    if (!script) await page.getByRole("button", { name: "Search" }).click();
  };

  await logIn(owner);
  await page.getByRole("link", { name: new RegExp(code) }).first().click();
  await page.getByRole("link", { name: "What the directory says about it" }).click();
  assert.equal(await title(), "About this mailbox");
  await look("about");
  await page.locator("#about").fill("x".repeat(1001));
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Write at most 1000 characters.").first().waitFor();
  await look("about-too-long");
  await page.locator("#about").fill("Discharge notes: yes, read within the hour.\n\nPrescriptions: no, by EPS only.");
  await page.getByRole("button", { name: "Save" }).click();
  await page.locator(".nhsuk-notification-banner").getByText("The directory says it now.").waitFor();
  await logOut();

  await logIn(colleague);
  await page.getByRole("link", { name: "Directory", exact: true }).click();
  assert.equal(await title(), "Directory");
  await look("directory");
  const began = Date.now();
  let requests = 0;
  page.on("request", (r) => (requests += r.url().includes("/directory?") ? 1 : 0));
  await find(`wil ${last.slice(0, 3).toLowerCase()}`);
  await says("1 found.");
  console.log(`a colleague is found after ${((Date.now() - began) / 1000).toFixed(1)} s and ${requests} requests, ${script ? "with" : "without"} script, ${width} wide`);
  await look("one");
  assert.ok(page.url().includes("q=wil"), page.url());
  await page.getByRole("link", { name: `Wilhelmina ${last}` }).click();
  assert.equal(await title(), `Wilhelmina ${last}`);
  await page.getByText("Superintendent pharmacist").waitFor();
  await page.getByText(owner.Address, { exact: true }).waitFor();
  assert.equal(await page.getByText("Mobile").count(), 0);
  await look("card");
  await page.getByRole("link", { name: "Back", exact: true }).click();
  await says("1 found.");
  assert.equal(await field.inputValue(), `wil ${last.slice(0, 3).toLowerCase()}`);

  await find(code.toLowerCase());
  await says("2 found.");
  await look("code");
  await page.getByRole("link", { name: new RegExp(`${code} \\(`) }).click();
  await page.getByText("Prescriptions: no, by EPS only.").waitFor();
  assert.equal(await page.getByText(last).count(), 0); // who belongs to the mailbox is nobody's business
  await look("mailbox");
  await page.goBack();
  await says("2 found.");

  await find("wilhelmina");
  await says("3 found.");
  await look("three");
  await find("nobody by this name");
  await says("Nobody found.");
  await look("nobody");
  await find("**");
  if (script) await says("Type at least 2 letters");
  else await page.locator("#q-error").getByText("Type at least 2 letters").waitFor();
  await find("w");
  if (script) assert.equal(await page.locator("#directory-entries").innerText(), "");
  await field.fill("*");
  await page.getByRole("button", { name: "Search" }).click();
  await page.locator("#q-error").getByText("Type at least 2 letters").waitFor();
  await look("star");
  await logOut();

  await logIn(owner);
  await page.goto(`${base}/account/mobile/shown`);
  await page.getByLabel("Yes, show it in the directory").check();
  await page.getByRole("button", { name: "Save" }).click();
  await logOut();
  await logIn(colleague);
  await page.goto(`${base}/directory?q=${owner.Address}`);
  await page.getByRole("link", { name: `Wilhelmina ${last}` }).click();
  await page.getByText(mobile).waitFor();
  await look("card-with-mobile");

  // Another tab logs out: this one leaves its page by itself; without script, what is typed here leads to the log in, and shows nobody.
  await page.goto(`${base}/directory`);
  const other = await context.newPage();
  await other.goto(`${base}/account`);
  await other.getByRole("button", { name: "Log out" }).click();
  await other.waitForURL(`${base}/`);
  await page.bringToFront();
  if (!script) await find("wilhelmina");
  await page.waitForURL(/\/log-in/);
  await page.getByRole("heading", { name: "Log in" }).waitFor();
  assert.equal(await page.getByText("Wilhelmina").count(), 0, "who logged out still sees a colleague");
};
