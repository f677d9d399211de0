import assert from "node:assert/strict";

export default async ({ page, base, look, run, data }) => {
  const s = data.scenes[run];
  const first = ["Yara", "Zoe", "Xavi"][run];
  const email = `${first.toLowerCase()}@home.example`;
  const title = (text) => page.locator("h1").filter({ hasText: text }).waitFor();
  const press = (name) => page.getByRole("button", { name, exact: true }).click();
  const notice = async (to, find) => {
    await page.goto(`${base}/outbox`);
    for (const href of await page.locator(`tr:has-text("${to}") a`).evaluateAll((all) => all.map((a) => a.getAttribute("href")))) {
      await page.goto(base + href);
      const found = (await page.locator("main").innerText()).match(find);
      if (found) return found[1];
    }
    throw new Error(`nothing like ${find} came to ${to}`);
  };
  const logIn = async (who) => {
    await page.goto(`${base}/switch`);
    const out = page.getByRole("button", { name: "Log out and let another person in" });
    if (await out.count()) await out.click();
    else await page.goto(`${base}/log-in`);
    await page.getByLabel("Your address").fill(who.Address);
    await page.locator("#password").fill(who.Password);
    await press("Log in");
    await page.locator(`a[href="/operator"]`).first().waitFor();
  };
  const apply = async (why) => {
    await page.goto(`${base}/register/${s.code}`);
    await look("premises");
    await page.locator(`a[href="/register/${s.code}/approval"]`).click();
    await title("Apply without a passcode");
    await look("apply");
    await press("Continue");
    await page.getByText("Enter your name").first().waitFor();
    await look("apply-empty");
    await page.getByLabel("Your name").fill(`${first} Newton`);
    await page.getByLabel("Your e-mail").fill(email);
    await page.locator("#why").fill(why);
    await press("Continue");
    await title("Check your answers");
    await look("check");
    await press("Send the application");
    await title("We have your application");
    await look("applied");
    return (await page.locator("main").innerText()).match(/HV-\w{4}-\w{4}/)[0];
  };
  const to = `${email[0]}•••@h•••`;

  // One that nobody at the pharmacy knows of is refused.
  const stranger = await apply("I stand in on Saturdays.");
  await logIn(data.desk);
  await page.goto(`${base}/operator/tasks/5/${stranger}/0`);
  await page.getByLabel("Refuse it, with a reason").check();
  await press("Do it");
  await page.getByText("Say why, in at most").first().waitFor();
  await page.locator("#reason").fill("Nobody at the pharmacy knows of it.");
  await page.getByLabel("Refuse it, with a reason").check();
  await press("Do it");
  await page.getByText("Done: Refuse it").waitFor();
  await notice(to, /(Nobody at the pharmacy knows of it\.)/);
  await page.goto(`${base}/register/where?ref=${stranger}`);
  await page.getByText("This application was refused.").waitFor();

  const ref = await apply("The manager. The registered e-mail was closed when the owner changed.");
  await page.goto(`${base}/register/where?ref=${ref}`);
  await page.getByText("Then two people decide").waitFor();
  await look("where-waits");

  await page.goto(`${base}/operator/tasks`);
  await page.locator(`a[href="/operator/tasks/5/${ref}/0"]`).waitFor();
  await look("tasks");
  await page.locator(`a[href="/operator/tasks/5/${ref}/0"]`).click();
  await page.getByText(s.telephone).waitFor();
  await look("task");
  await page.getByLabel("Approve it for the desk").check();
  await press("Do it");
  await page.getByText("Another person has to give the second one.").waitFor();
  await look("approved-once");
  await page.goto(`${base}/operator/tasks/5/${ref}/0`);
  await page.getByText("Tess Okafor, for the desk").waitFor();
  assert.equal(await page.getByLabel("Approve it for").count(), 0, "one person is asked for both approvals");
  await look("approved-by-me");

  await logIn(data.team);
  await page.goto(`${base}/operator/tasks/5/${ref}/0`);
  assert.equal(await page.getByLabel("Approve it for the desk").count(), 0, "the desk is asked again");
  await page.getByLabel("Approve it for the local team").check();
  await press("Do it");
  await page.getByText("Both approvals are there.").waitFor();
  await look("approved");

  // It goes on as if it were proven, with a newer passcode too.
  await notice(to, /The passcode is (\d{8})\./);
  await page.goto(`${base}/register/where?ref=${ref}`);
  await page.getByText("It was approved.").waitFor();
  await look("where-approved");
  await press("Go on with it: send a new passcode");
  await title("Enter the passcode");
  const here = page.url();
  const passcode = await notice(to, /The passcode is (\d{8})\./);
  await page.goto(here);
  await page.locator("#passcode").fill(passcode);
  await press("Continue");
  await title("Who is the owner of the mailbox?");
  await page.getByLabel("First name").fill(first);
  await page.getByLabel("Last name").fill("Newton");
  await page.getByLabel("Personal e-mail").fill(email);
  await page.getByLabel("UK mobile number").fill(s.mobile);
  await press("Continue");
  await page.getByLabel("No").check();
  await press("Continue");
  await press("Register the premises");
  await title("is registered");
  await page.goto(`${base}/register/${s.code}/approval`);
  await page.getByText("This pharmacy is registered already.").waitFor();
};
