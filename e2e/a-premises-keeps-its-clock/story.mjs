import assert from "node:assert/strict";

const subject = "Discharge of Mrs Iris Holt";

export default async ({ page, context, base, look, script, width, run, data }) => {
  if (!script) return; // the web client is a script
  const { owner, ben, account, code } = data.runs[run];

  /** Asks the service as Ben's program does. */
  const headers = { Authorization: `Basic ${Buffer.from(`${ben.Address}:${ben.Password}`).toString("base64")}`, "Content-Type": "application/json" };
  const ask = async (name, args) => {
    const using = ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail", "urn:haven:work"];
    const answer = await fetch(`${base}/jmap/api`, { method: "POST", headers, body: JSON.stringify({ using, methodCalls: [[name, { accountId: account, ...args }, "0"]] }) });
    const [[said, got]] = (await answer.json()).methodResponses;
    assert.ok(said === name && !got.notCreated, JSON.stringify(got));
    return got;
  };
  const moved = (by) => async (at) => {
    await at.goto(`${base}/demo/clock`);
    await at.getByRole("radio", { name: by, exact: true }).check();
    await Promise.all([at.waitForResponse((r) => r.request().method() === "GET" && r.url().endsWith("/demo/clock")), at.getByRole("button", { name: "Move the clock" }).click()]);
  };
  const anHour = moved("an hour");
  const enter = async (at, who) => {
    await at.context().clearCookies(); // who was idle for so long is locked out, or not yet
    await at.goto(`${base}/log-in?next=/mail/${account}`);
    await at.getByLabel("Your address").fill(who.Address);
    await at.locator("#password").fill(who.Password);
    await at.getByRole("button", { name: "Log in" }).click();
    await at.locator(".row").first().waitFor();
  };
  const another = async () => (await context.browser().newContext({ viewport: page.viewportSize(), reducedMotion: "reduce" })).newPage();
  const toWeek = async (at) => {
    if (width < 1000) await at.getByRole("button", { name: "Mailboxes" }).click();
    return at.getByRole("link", { name: "The week" });
  };

  // It is morning, and a discharge note has to be done within two hours.
  if (run === 0) {
    for (let hour = ""; hour !== "08"; ) {
      await anHour(page);
      hour = /It is (\d\d):/.exec(await page.locator("main").innerText())[1];
    }
  }
  const { ids } = await ask("Email/query", { filter: { subject: "Discharge of Mrs" } });
  const { list } = await ask("Email/get", { ids, properties: ["threadId"] });
  const { threadId } = list[0];
  await ask("WorkDeadline/set", { create: { d: { threadId, rule: "discharge", withinSeconds: 2 * 60 * 60, counting: "allHours" } } });
  await ask("WorkItem/set", { update: { [threadId]: { category: "discharge" } } });

  // Ben begins the day: he checks the mailbox, and takes what is due.
  const bens = await another();
  await enter(bens, ben);
  await bens.getByText("Nobody has checked this mailbox yet today.").waitFor();
  await bens.getByText("1 conversation is due soon.").waitFor();
  await look("morning", bens);
  await bens.getByRole("button", { name: "I have checked it" }).click();
  await bens.getByText(/^Checked today \d\d:\d\d by you$/).waitFor();
  await bens.getByRole("button", { name: "Show", exact: true }).click();
  await look("due-soon", bens);
  await bens.locator(".alarm-list").getByRole("link", { name: subject }).click();
  await bens.getByRole("button", { name: "Take it" }).click();
  await bens.getByText("Yours since").waitFor();

  // Nobody marks it as done. Three hours later the owner has a text, which tells nobody anything of the patient.
  for (let i = 0; i < 3; i++) await anHour(page);
  let text = "";
  for (let tries = 0; tries < 200 && !text; tries++) {
    await page.goto(`${base}/outbox`);
    const rows = page.locator("tr", { hasText: "Letters not done in time" });
    for (const link of await rows.locator("a").evaluateAll((all) => all.map((a) => a.getAttribute("href")))) {
      await page.goto(base + link);
      const says = await page.locator("main").innerText();
      if (says.includes(code)) text = says;
    }
  }
  assert.match(text, new RegExp(`1 letter is past the time to be done in Pharmacy ${code}`));
  assert.match(text, /Text|text/);
  assert.doesNotMatch(text, /Iris|Holt|tablets/);

  // The owner sees that it is late, who was told, and who looked this morning.
  await enter(page, owner);
  await page.getByText("1 conversation was not done in time.").waitFor();
  await page.getByText(/Told: the owners by text at \d\d:\d\d\. Unless it is done, it is passed on at \d\d:\d\d\./).waitFor();
  await page.getByText(/^Checked today 0[89]:\d\d by Ben Whitlock$|^Checked today 1\d:\d\d by Ben Whitlock$/).waitFor();
  await page.getByRole("button", { name: "Show", exact: true }).click();
  await page.locator(".alarm-list").getByText("handled by Ben Whitlock").waitFor();
  await look("late");

  // Reading and having it end nothing; done does, on everybody's screen.
  await enter(bens, ben);
  await bens.getByRole("button", { name: "Show", exact: true }).click();
  await bens.locator(".alarm-list").getByRole("link", { name: subject }).click();
  await bens.locator(".work-bar").getByText(/the owners were told/).waitFor();
  await bens.locator(".work-bar").getByRole("button", { name: /^Done/ }).click();
  await page.locator(".alarm").waitFor({ state: "detached" });

  // The owner looks at the week; Ben, who owns nothing here, has none.
  await (await toWeek(page)).click();
  const figures = page.locator(".week-figures > div");
  await figures.first().waitFor();
  const of = Object.fromEntries((await figures.allInnerTexts()).map((s) => s.split(/\n+/)));
  assert.equal(of.Late, "1");
  assert.ok(Number(of.Arrived) >= 1 && of.Done === "1", JSON.stringify(of));
  await page.getByRole("cell", { name: /^\d\d:\d\d, Ben Whitlock$/ }).waitFor();
  await look("week");
  await page.getByRole("link", { name: /^Discharge note, due / }).click();
  await page.getByRole("heading", { name: subject }).waitFor();
  if (width < 860) await bens.getByRole("button", { name: "Back to the list" }).click();
  assert.equal(await (await toWeek(bens)).count(), 0);
};
