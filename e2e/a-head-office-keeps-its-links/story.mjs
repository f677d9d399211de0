import assert from "node:assert/strict";

export default async ({ page, context, base, look, script, width, run, data }) => {
  if (!script) return; // the web client is a script
  const { aisha, form, portal } = data.runs[run];
  await context.route(/^https:\/\/[a-z.]+\.example\//, (r) => r.fulfill({ contentType: "text/html", body: "<title>There</title>" }));
  await page.goto(`${base}/log-in?next=/mail/`);
  await page.getByLabel("Your address").fill(aisha.Address);
  await page.locator("#password").fill(aisha.Password);
  await page.getByRole("button", { name: "Log in" }).click();

  const letter = async (subject) => {
    if (width < 860 && (await page.getByRole("button", { name: "Back to the list" }).count())) await page.getByRole("button", { name: "Back to the list" }).click();
    await page.locator(".row", { hasText: subject }).click();
    await page.getByRole("heading", { name: subject }).waitFor();
  };
  /** In the letter's frame no script runs, the driver's neither; the page around it reaches in, once the letter is there. */
  const inLetter = async (does, given) => {
    for (let tries = 0; tries < 200; tries++) {
      if (await page.evaluate(does, given)) return;
      await page.waitForTimeout(50);
    }
    throw new Error(`the letter is not as told: ${does}`);
  };
  const press = (name) =>
    inLetter((name) => {
      const all = [...(document.querySelector(".letter-frame")?.contentDocument?.querySelectorAll("a") ?? [])];
      all.find((a) => a.textContent === name)?.click();
      return all.length === 3;
    }, name);
  const opened = async (doing) => {
    const [there] = await Promise.all([context.waitForEvent("page"), doing()]);
    await there.waitForURL(/example/);
    const url = there.url();
    await there.close();
    return url;
  };
  const question = page.getByRole("dialog");
  const openIt = () => question.getByRole("button", { name: "Open it" }).click();

  await letter("Three links");
  if (form === "block") {
    await inLetter(() => {
      const letter = document.querySelector(".letter-frame")?.contentDocument;
      const note = letter?.querySelector(".haven-elsewhere")?.textContent ?? "";
      return letter?.querySelectorAll("a").length === 3 && !letter.querySelector("a").hasAttribute("href") && /^Blocked by .+: It copied the log in of NHS staff\.$/.test(note);
    });
    assert.equal(await opened(() => press("the portal")), "https://www.portal.example/");
  } else {
    assert.equal(await opened(() => press("the form")), "https://forms.example/f?id=1");
    await press("the portal");
    await question.getByText(/warns of this place: It copied the log in of NHS staff\./).waitFor();
    await look("warned");
    assert.equal(await opened(openIt), "https://www.portal.example/");
  }
  assert.ok(portal);
  await look("letter");

  // A place that nobody knows.
  await press("our page");
  await question.getByText("https://elsewhere.example/a/long/way?to=it").waitFor();
  await look("unknown");
  await question.getByRole("button", { name: "Cancel" }).click();
  await question.waitFor({ state: "detached" });
  assert.equal(context.pages().length, 1);
  await press("our page");
  assert.equal(await opened(openIt), "https://elsewhere.example/a/long/way?to=it");

  // In a plain letter too.
  await letter("Plain links");
  if (form === "block") {
    await page.getByText(/^Blocked by .+: It copied the log in of NHS staff\.$/).waitFor();
    assert.equal(await page.locator(".plain a").count(), 0);
  } else assert.equal(await opened(() => page.locator(".plain a").click()), "https://forms.example/f?id=1");
  await look("plain");
};
