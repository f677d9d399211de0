import assert from "node:assert/strict";

export default async ({ page, base, look, run, script, width, data }) => {
  const { person, old, fresh, masked, email } = data.scenes[run];
  const title = () => page.locator("h1").innerText();
  const done = (text) => page.locator(".nhsuk-notification-banner").getByText(text).waitFor().then(() => true);
  // The newest notice to somebody that says something.
  const notice = async (to, find) => {
    const back = page.url();
    await page.goto(`${base}/outbox`);
    const links = await page.locator(`tr:has-text("${to}") a`).evaluateAll((all) => all.map((a) => a.getAttribute("href")));
    for (const href of links) {
      await page.goto(base + href);
      const found = (await page.locator("main").innerText()).match(find);
      if (found) {
        await page.goto(back);
        return found[1] ?? found[0];
      }
    }
    throw new Error(`no notice to ${to} with ${find}`);
  };
  let clicks = 0;
  const click = async (role, name) => {
    clicks++;
    await page.getByRole(role, { name, exact: true }).click();
  };

  await page.goto(`${base}/log-in`);
  await page.getByLabel("Your address").fill(person.Address);
  await page.locator("#password").fill(person.Password);
  await page.getByRole("button", { name: "Log in" }).click();

  const began = Date.now();
  await click("link", "My account");
  await look("account");
  await page.getByText(`${old}, not confirmed yet`).waitFor();
  await click("link", "Change your mobile number");
  await look("mobile");
  await page.getByRole("button", { name: "Send me a code" }).click();
  await look("mobile-empty");
  await page.getByLabel("What is your new mobile number?").fill("0113 496 0123");
  await page.getByRole("button", { name: "Send me a code" }).click();
  await page.getByText("Write a UK mobile number").first().waitFor();
  assert.equal(await page.getByLabel("What is your new mobile number?").inputValue(), "0113 496 0123");
  await page.getByLabel("What is your new mobile number?").fill(fresh);
  await click("button", "Send me a code");
  assert.equal(await title(), "Enter the code");
  await look("code");
  await page.getByLabel("Code", { exact: true }).fill("1234");
  await page.getByRole("button", { name: "Confirm" }).click();
  await page.getByText("That is not the code.").first().waitFor();
  await page.getByText(fresh).waitFor();
  await look("code-wrong");
  const code = await notice(masked, /Your code is (\d+)\./);
  await page.goto(`${base}/account/mobile/code`);
  await page.getByLabel("Code", { exact: true }).fill(code);
  await click("button", "Confirm");
  assert.ok(await done("Your mobile number is saved and confirmed."));
  await page.getByText(masked, { exact: true }).waitFor();
  console.log(`changing the mobile: ${clicks} clicks, ${((Date.now() - began) / 1000).toFixed(1)} s with the checks between, ${script ? "with" : "without"} script, ${width} wide`);
  await look("changed");
  await notice(old, /was changed/);
  await page.goto(`${base}/account/mobile/remove`);
  await look("remove");
  await page.getByRole("link", { name: "Keep it" }).click();

  await page.getByRole("link", { name: "Add your telephone number" }).click();
  await look("telephone");
  await page.getByLabel("What is your telephone number at work?").fill("ring me");
  await page.getByRole("button", { name: "Save" }).click();
  await look("telephone-wrong");
  await page.getByLabel("What is your telephone number at work?").fill("0113 496 0123 ext 12");
  await page.getByRole("button", { name: "Save" }).click();
  assert.ok(await done("Your telephone number is saved."));

  await page.getByRole("link", { name: "Change who sees your mobile number" }).click();
  assert.ok(await page.getByLabel("No, hide it").isChecked());
  await look("shown");
  await page.getByLabel("Yes, show it in the directory").check();
  await page.getByRole("button", { name: "Save" }).click();
  assert.ok(await done("The directory shows your mobile number."));

  await page.getByRole("link", { name: "Change your personal e-mail" }).click();
  await look("email");
  await page.getByLabel("What is your new personal e-mail address?").fill(email);
  await page.getByRole("button", { name: "Send me a code" }).click();
  await look("email-code");
  const mailed = await notice("k•••@e•••", /Your code is (\d+)\./);
  await page.goto(`${base}/account/email/code`);
  await page.getByLabel("Code", { exact: true }).fill(mailed);
  await page.getByRole("button", { name: "Confirm" }).click();
  assert.ok(await done("Your personal e-mail is saved and confirmed."));

  await page.getByRole("link", { name: "Add your security questions" }).click();
  await look("questions");
  for (const [n, [question, answer]] of [["1", "Rex"], ["2", "Elm Street"], ["3", "Mrs Bell"]].entries()) {
    await page.locator(`#question-${n + 1}`).selectOption(question);
    await page.locator(`#answer-${n + 1}`).fill(answer);
  }
  await page.getByRole("button", { name: "Save" }).click();
  assert.ok(await done("Your security questions are changed."));
};
