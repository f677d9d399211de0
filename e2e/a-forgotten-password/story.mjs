import assert from "node:assert/strict";

export default async ({ page, base, look, run, data }) => {
  const me = data.people[run];
  const fresh = `violet harbour kettle ${run}`;
  const title = () => page.locator("h1").innerText();
  const ask = async (address) => {
    await page.goto(`${base}/log-in`);
    await page.getByRole("link", { name: "I have forgotten my password" }).click();
    await look("forgotten");
    await page.getByLabel("Your address").fill(address);
    await page.getByRole("button", { name: "Send link and code" }).click();
    return page.locator("main").innerText();
  };
  // notice waits for the newest of a kind to somebody: what is sent is sent after the answer.
  const notice = async (to, find) => {
    for (let i = 0; i < 100; i++) {
      await page.goto(`${base}/outbox`);
      const row = page.locator(`tr:has-text("${to}")`).first();
      if (await row.count()) {
        await page.goto(base + (await row.locator("a").getAttribute("href")));
        const found = (await page.locator("main").innerText()).match(find);
        if (found) return found[1];
      }
    }
    throw new Error(`nothing came to ${to}`);
  };

  const nobody = await ask("nobody.here@haven.test");
  const said = await ask(me.Address);
  assert.equal(said, nobody, "the page tells who has an account");
  await look("forgotten-sent");
  const code = await notice(data.mobiles[run], /Your code for a new password is (\d{8})\./);
  const link = await notice(`${me.Address[0]}•••@h•••`, /(\/reset\/\S+)/);
  await page.goto(base + link);
  await look("reset");
  await page.getByRole("button", { name: "Change password" }).click();
  await look("reset-empty");
  await page.locator("#code").fill(code);
  await page.locator("#new").fill(fresh);
  await page.locator("#again").fill(fresh);
  await page.getByRole("button", { name: "Change password" }).click();
  assert.equal(await title(), "Your password is changed");
  await look("reset-done");
  await page.goto(base + link);
  await page.getByText("This link is not good any more.").waitFor();
  await page.goto(`${base}/log-in`);
  await page.getByLabel("Your address").fill(me.Address);
  await page.locator("#password").fill(fresh);
  await page.getByRole("button", { name: "Log in" }).click();
  assert.equal(await title(), "My mailboxes");

  // With questions that only she can answer, the text and the answers are enough.
  await page.goto(`${base}/account/questions`);
  const own = ["Harbour Street", "A red Raleigh", "Pancakes"];
  for (const [i, question] of ["2", "5", "9"].entries()) {
    await page.locator(`#question-${i + 1}`).selectOption(question);
    await page.locator(`#answer-${i + 1}`).fill(own[i]);
  }
  await page.getByRole("button", { name: "Save and continue" }).click();
  await page.getByText("Your security questions are changed.").waitFor();
  await page.getByRole("button", { name: "Log out" }).click();
  await ask(me.Address);
  await page.getByRole("button", { name: "Use something else" }).click();
  await look("ways");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByText("Choose two").first().waitFor();
  await look("ways-empty");
  await page.getByLabel("The code that we sent to my mobile").check();
  await page.getByLabel("The answers to my security questions").check();
  await page.getByRole("button", { name: "Continue" }).click();
  await look("two-ways");
  const second = `${fresh} again`;
  const give = async (answers, text) => {
    for (const [i, answer] of answers.entries()) await page.locator(`#answer-${i + 1}`).fill(answer);
    await page.locator("#code").fill(text);
    await page.locator("#new").fill(second);
    await page.locator("#again").fill(second);
    await page.getByRole("button", { name: "Change password" }).click();
  };
  await give(["Harbour Street", "A blue Raleigh", "Pancakes"], code);
  await page.getByText("What you gave does not show that the account is yours").first().waitFor();
  await look("two-ways-wrong");
  await page.goto(`${base}/outbox`);
  const newest = await notice(data.mobiles[run], /Your code for a new password is (\d{8})\./);
  await ask(me.Address);
  await page.getByRole("button", { name: "Use something else" }).click();
  await page.getByLabel("The code that we sent to my mobile").check();
  await page.getByLabel("The answers to my security questions").check();
  await page.getByRole("button", { name: "Continue" }).click();
  await give(own, newest);
  await page.getByRole("heading", { name: "Your password is changed" }).waitFor();
};
