import assert from "node:assert/strict";

export default async ({ page, base, look, run, script, data }) => {
  const me = data.people[run];
  const heading = (name) => page.getByRole("heading", { name, exact: true }).first().waitFor();
  const logIn = async () => {
    await page.goto(`${base}/log-in`);
    await page.getByLabel("Your address").fill(me.Address);
    await page.locator("#password").fill(me.Password);
    await page.getByRole("button", { name: "Log in", exact: true }).click();
  };
  // notice waits for one that says what is looked for, among those to somebody: what is sent is sent after the answer.
  const notice = async (to, find) => {
    for (let i = 0; i < 100; i++) {
      await page.goto(`${base}/outbox`);
      const hrefs = await page.locator(`tr:has-text("${to}") a`).evaluateAll((all) => all.slice(0, 5).map((a) => a.getAttribute("href")));
      for (const href of hrefs) {
        await page.goto(base + href);
        const found = (await page.locator("main").innerText()).match(find);
        if (found) return found[1];
      }
    }
    throw new Error(`nothing came to ${to}`);
  };
  const ask = async (address) => {
    await page.goto(`${base}/locked`);
    await page.getByLabel("Your address").fill(address);
    await page.getByRole("button", { name: "Continue" }).click();
    await heading("Open your account for this browser");
    return page.locator("main").innerText();
  };

  await notice(data.mobiles[run], /(with a mail program from 127\.0\.0\.1)/);
  await notice(`${me.Address[0]}•••@h•••`, /(with a mail program from 127\.0\.0\.1)/);
  await look("told");
  await logIn();
  await page.getByText("The user name or the password is wrong.").first().waitFor();
  await look("refused");
  await page.getByRole("link", { name: "Open it for this browser" }).click();
  await heading("Is your account locked?");
  await look("locked");
  const nobody = await ask("nobody.here@haven.test");
  const said = await ask(me.Address);
  assert.equal(said, nobody, "the page tells who has an account");
  await look("code");
  const code = await notice(data.mobiles[run], /Your code to open your locked account in one browser is (\d{8})\./);
  await ask("nobody.here@haven.test");
  await page.locator("#code").fill("12345678");
  await page.getByRole("button", { name: "Open my account here" }).click();
  await page.getByText("This is not the code that we sent to your mobile").first().waitFor();
  await look("code-wrong");
  if (!script) {
    await page.getByRole("button", { name: "Use a passkey instead" }).click();
    await page.getByText("Your browser showed no passkey.").first().waitFor();
  }
  await ask(me.Address);
  await page.locator("#code").fill(code);
  await page.getByRole("button", { name: "Open my account here" }).click();
  await heading("Your account is open in this browser");
  await look("open");
  await page.locator("main").getByRole("link", { name: "Log in" }).click();
  await logIn();
  await heading("My mailboxes");
};
