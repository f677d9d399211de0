import assert from "node:assert/strict";

export default async ({ page, context, base, look, run, script, width, data }) => {
  const { owner, colleague, pharmacy } = data.scenes[run];
  const title = () => page.locator("h1").innerText();
  let clicks = 0;
  const click = async (role, name) => {
    clicks++;
    await page.getByRole(role, { name, exact: true }).click();
  };
  const logIn = async (page, who) => {
    await page.goto(`${base}/log-in`);
    await page.getByLabel("Your address").fill(who.Address);
    await page.locator("#password").fill(who.Password);
    await page.getByRole("button", { name: "Log in" }).click();
  };

  await logIn(page, owner);
  const began = Date.now();
  await click("link", await page.locator(".haven-mailbox a").first().innerText());
  await look("mailbox");
  await click("link", "Give a colleague access");
  await look("add");
  await page.getByRole("button", { name: "Continue" }).click();
  await look("add-empty");
  await page.getByLabel("Your colleague's name or own address").fill(colleague.Name);
  await click("button", "Continue");
  await page.getByRole("heading", { name: "Which colleague?" }).waitFor();
  await look("add-which");
  await page.getByRole("radio", { name: colleague.Name }).and(page.locator(`[value="${colleague.Address}"]`)).check();
  await click("button", "Continue");
  await page.getByText(`3 people are called ${colleague.Name}`).waitFor();
  assert.equal(await title(), "Is this the right person?");
  await look("add-check");
  await click("button", "Give access");
  await page.getByText(`${colleague.Name} has access to the mailbox now.`).waitFor();
  await look("added");
  console.log(`giving a colleague access: ${clicks} clicks, ${((Date.now() - began) / 1000).toFixed(1)} s with the checks between, ${script ? "with" : "without"} script, ${width} wide`);

  const other = await context.browser().newContext({ viewport: { width, height: 900 }, javaScriptEnabled: script });
  const his = await other.newPage();
  await logIn(his, colleague);
  await his.getByText(pharmacy).waitFor();
  await other.close();

  await page.getByRole("link", { name: `Change the access of ${colleague.Name}` }).click();
  await look("member");
  await page.getByRole("button", { name: `Take access away from ${colleague.Name}` }).click();
  await page.getByText(`${colleague.Name} has no access to the mailbox any more.`).waitFor();
  await page.getByRole("link", { name: "Leave this mailbox" }).click();
  await look("leave");
  await page.getByRole("button", { name: "Leave this mailbox" }).click();
  await page.getByText("A mailbox keeps at least one owner").first().waitFor();
  await look("leave-refused");

  await page.goto(`${base}/account/programs`);
  await look("programs-none");
  await page.getByRole("link", { name: "Set up a mail program" }).click();
  await look("program-new");
  await page.getByLabel("Which program is it for?").fill("Outlook on the dispensary PC");
  await page.getByRole("button", { name: "Make a password" }).click();
  assert.equal(await title(), "Set up your mail program");
  await look("program-ready");
  await page.getByRole("link", { name: "I have set it up" }).click();
  await look("programs");
  await page.getByRole("link", { name: "I have lost a phone or computer" }).click();
  await look("lost");
  await page.getByRole("button", { name: "Log out everything else" }).click();
  await look("lost-done");
};
