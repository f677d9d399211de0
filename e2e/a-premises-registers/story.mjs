import assert from "node:assert/strict";

export default async ({ page, base, look, run, script, width, data }) => {
  const s = data.scenes[run];
  const first = ["Yara", "Zoe", "Xavi"][run];
  const owner = { name: `${first} Newton`, email: `${first.toLowerCase()}@home.example` };
  const fresh = `quiet amber lantern ${run}`;
  const title = () => page.locator("h1").innerText();
  let clicks = 0;
  const click = async (role, name) => {
    clicks++;
    await page.getByRole(role, { name, exact: true }).click();
  };
  const notice = async (to, find) => {
    await page.goto(`${base}/outbox`);
    for (const href of await page.locator(`tr:has-text("${to}") a`).evaluateAll((all) => all.map((a) => a.getAttribute("href")))) {
      await page.goto(base + href);
      const found = (await page.locator("main").innerText()).match(find);
      if (found) return found[1];
    }
    throw new Error(`nothing like ${find} came to ${to}`);
  };

  // What can't be registered says why and leads on.
  for (const [code, says] of [["FAQ06", "This pharmacy is registered already."], ["FA545", "This pharmacy’s group registers"], ["FAM05", "We don’t have this pharmacy’s registered e-mail"], ["FX999", "There is no pharmacy with this code."]]) {
    await page.goto(`${base}/register/${code}`);
    assert.ok((await page.locator("main").innerText()).replaceAll("'", "’").includes(says.replaceAll("'", "’")), `${code}: ${await page.locator("main").innerText()}`);
    if (run === 0 || width === 320) await look(`cannot-${code}`);
  }
  await page.goto(`${base}/register/where?ref=HV-7K4M-2Q9D`);
  await page.getByText("There is no application with this reference.").first().waitFor();
  await look("where-none");

  const began = Date.now();
  await page.goto(base);
  await click("link", "Register a premises");
  await look("register");
  await page.getByLabel("Which premises?").fill(s.search);
  await click("button", "Find it");
  await look("found");
  clicks++;
  await page.locator(`a[href="/register/${s.code}"]`).click();
  await look("premises");
  await page.getByRole("button", { name: "Send the passcode" }).click();
  await look("premises-empty");

  // A wrong number gets the same words, and no passcode.
  await page.getByLabel("GPhC number of the premises").fill("1000001");
  await page.getByRole("button", { name: "Send the passcode" }).click();
  const wrong = (await page.locator("main").innerText()).replace(/HV-\S+/, "");
  const ref0 = await page.locator("#ref").inputValue();
  assert.match(await notice(s.registered, new RegExp(`(${ref0})`)), /HV-/);
  await page.getByText("There is no passcode.").waitFor();

  await page.goto(`${base}/register/${s.code}`);
  await page.getByLabel("GPhC number of the premises").fill(s.gphc);
  await click("button", "Send the passcode");
  assert.equal((await page.locator("main").innerText()).replace(/HV-\S+/, ""), wrong, "the page tells whether the number was right");
  await look("passcode");
  const ref = await page.locator("#ref").inputValue();
  const here = page.url();
  const passcode = await notice(s.registered, /The passcode is (\d{8})\./);
  await page.goto(here);
  await page.locator("#passcode").fill("00000000");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByText("That is not the passcode.").first().waitFor();
  await look("passcode-wrong");
  await page.locator("#passcode").fill(passcode);
  await click("button", "Continue");

  assert.equal(await title(), "Who is the owner of the mailbox?");
  await look("owner");
  await page.getByRole("button", { name: "Continue" }).click();
  await look("owner-empty");
  await page.getByLabel("First name").fill(first);
  await page.getByLabel("Last name").fill("Newton");
  await page.getByLabel("Personal e-mail").fill(owner.email);
  await page.getByLabel("UK mobile number").fill(s.mobile);
  await click("button", "Continue");
  await look("people");
  await page.getByRole("button", { name: "Continue" }).click();
  await look("people-unanswered");
  await page.getByLabel("Yes").check();
  await click("button", "Continue");
  await look("person");
  const [given, ...family] = s.colleague.Name.split(" ");
  await page.getByLabel("First name").fill(given);
  await page.getByLabel("Last name").fill(family.join(" "));
  await page.getByLabel("Personal e-mail").fill(owner.email);
  await page.getByLabel("UK mobile number").fill("0207 123");
  await page.getByRole("button", { name: "Continue" }).click();
  await look("person-wrong");
  await page.getByLabel("Personal e-mail").fill(`${given.toLowerCase()}@elsewhere.example`);
  await page.getByLabel("UK mobile number").fill(s.colleaguesMobile);
  await click("button", "Continue");
  await look("people-two");
  await page.getByLabel("No").check();
  await click("button", "Continue");
  assert.equal(await title(), "Check your answers");
  await look("check");
  await click("button", "Register the premises");
  assert.match(await title(), /is registered$/);
  await look("registered");
  assert.ok(!(await page.locator("main").innerText()).includes(given), "the page tells who has an account");
  await page.goto(`${base}/register/where?ref=${ref}`);
  await page.getByText("It was sent.").waitFor();
  await look("where");

  const username = await notice(`${owner.email[0]}•••@h•••`, /Your username is (\S+@\S+)\.\s/);
  const password = await notice(`•••${s.mobile.slice(-3)}`, /Your temporary password for secure mail is (\S+)\. It/);
  await page.goto(`${base}/log-in`);
  await page.getByLabel("Your address").fill(username);
  await page.locator("#password").fill(password);
  await click("button", "Log in");
  await click("link", "Read and accept the rules of use");
  await page.getByLabel("I have read the rules, and I keep to them").check();
  await click("button", "Accept and continue");
  await page.locator("#new").fill(fresh);
  await page.locator("#again").fill(fresh);
  await click("button", "Save and continue");
  for (const [n, [question, answer]] of [["1", "Rex"], ["2", "Elm Street"], ["3", "Mrs Bell"]].entries()) {
    await page.locator(`#question-${n + 1}`).selectOption(question);
    await page.locator(`#answer-${n + 1}`).fill(answer);
  }
  await click("button", "Save and continue");
  await page.getByLabel("No, hide it").check();
  await click("button", "Save and continue");
  await click("link", "Go to my mailboxes");
  await page.locator(`.haven-mailbox:has-text("${s.code}")`).waitFor();
  await look("owners-mailboxes");
  console.log(`registering a premises and activating its owner's account: ${clicks} clicks, ${((Date.now() - began) / 1000).toFixed(1)} s with the checks between, ${script ? "with" : "without"} script, ${width} wide`);

  // The owner asks for one more colleague, whose mobile was written down wrongly, and corrects it.
  await page.locator(`.haven-mailbox:has-text("${s.code}") a[href^="/mailbox/"]`).first().click();
  const mailbox = page.url();
  const late = { mobile: s.mobile.replace("9008", "9007"), right: s.mobile.replace("9008", "9006"), email: `nia${run}@home.example` };
  await page.goto(`${mailbox}/add/ask`);
  await page.getByLabel("First name").fill("Nia");
  await page.getByLabel("Last name").fill("Harte");
  await page.getByLabel("Personal e-mail").fill(late.email);
  await page.getByLabel("UK mobile number").fill(late.mobile);
  await page.getByRole("button", { name: "Make the account" }).click();
  await page.getByText("We have written to Nia Harte").waitFor();
  await page.goto(mailbox);
  await page.locator('a:has-text("Nia Harte")').first().click();
  await page.getByText("Not activated yet").waitFor();
  await page.getByText("Temporary password").first().waitFor();
  await look("not-activated");
  await page.getByRole("button", { name: "Send the temporary password again" }).click();
  await page.getByText("The one before opens nothing any more.").waitFor();
  await look("sent-again");
  await page.getByRole("link", { name: "The mobile number or the e-mail is wrong" }).click();
  await look("reach");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByText("Say what is wrong").first().waitFor();
  await page.getByLabel("The mobile number").check();
  await page.getByRole("button", { name: "Continue" }).click();
  await page.locator("#value").fill("0207 123");
  await look("reach-value");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.locator("#value-error").waitFor();
  await page.locator("#value").fill(late.right);
  await page.getByRole("button", { name: "Continue" }).click();
  assert.equal(await title(), "Check your answers");
  await look("reach-check");
  await page.getByRole("button", { name: "Correct it, and send everything again" }).click();
  await page.getByText("It is corrected.").waitFor();
  await look("corrected");
  await notice(`•••${late.mobile.slice(-3)}`, /(mistake|wrong|correct)/);
  await notice(`•••${late.right.slice(-3)}`, /Your temporary password for secure mail is (\S+)\. It/);

  await page.goto(`${base}/switch`);
  await page.getByRole("button", { name: "Log out and let another person in" }).click();
  await page.getByLabel("Your address").fill(s.colleague.Address);
  await page.locator("#password").fill(s.colleague.Password);
  await page.getByRole("button", { name: "Log in" }).click();
  await look("named");
  assert.equal(await page.locator(`.haven-mailbox:has-text("${s.code}")`).count(), 0, "the colleague was let in without being asked");
  await page.getByRole("button", { name: "Yes, that is me" }).click();
  await page.locator(`.haven-mailbox:has-text("${s.code}")`).waitFor();
  await look("named-confirmed");
};
