import assert from "node:assert/strict";

export default async ({ page, context, base, look, run, script, width, data }) => {
  const { owner, colleague, locum, pharmacy } = data.scenes[run];
  const logIn = async (page, who) => {
    await page.goto(`${base}/log-in`);
    await page.getByLabel("Your address").fill(who.Address);
    await page.locator("#password").fill(who.Password);
    await page.getByRole("button", { name: "Log in" }).click();
  };
  const another = async () => {
    const c = await context.browser().newContext({ viewport: { width, height: 900 }, javaScriptEnabled: script });
    return c.newPage();
  };
  const open = async (page, link) => {
    await page.locator(".haven-mailbox a").first().click();
    await page.getByRole("link", { name: link, exact: true }).click();
  };

  await logIn(page, owner);
  await open(page, "Opening hours");
  await look("hours-none");
  for (const [i, day] of ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"].entries()) {
    await page.getByLabel(day, { exact: true }).fill(["7am-11pm", "7-23", "7 to 11pm", "07:00-23:00", "7-1, 2-23:00", "24 hours", "9 to five"][i]);
  }
  await page.getByRole("button", { name: "Save the week" }).click();
  await look("hours-wrong");
  await page.getByLabel("Sunday", { exact: true }).fill("24 hours");
  await page.getByRole("button", { name: "Save the week" }).click();
  await page.getByText("The opening hours are saved.").waitFor();
  assert.equal(await page.getByLabel("Friday", { exact: true }).inputValue(), "07:00 to 13:00, 14:00 to 23:00");
  const soon = new Date(Date.now() + 3 * 86_400_000);
  await page.getByLabel("Day", { exact: true }).fill(String(soon.getDate()));
  await page.getByLabel("Month").fill(String(soon.getMonth() + 1));
  await page.getByLabel("Year").fill(String(soon.getFullYear()));
  await page.getByRole("button", { name: "Add the day" }).click();
  await look("hours");
  await page.getByRole("link", { name: "Back", exact: true }).click();
  await page.getByRole("link", { name: "Let a locum in", exact: true }).click();
  await page.getByRole("button", { name: "Let colleagues do it too" }).click();
  await look("allowed");

  const hers = await another();
  await logIn(hers, locum);
  await hers.getByRole("link", { name: "My account" }).click();
  await hers.getByRole("link", { name: "Stand in at a premises as a locum" }).click();
  await look("code-none", hers);
  await hers.getByRole("button", { name: "Show me a code" }).click();
  await look("code", hers);
  const code = await hers.locator(".haven-code").innerText();

  const his = await another();
  await logIn(his, colleague);
  const began = Date.now();
  let clicks = 3;
  await open(his, "Let a locum in");
  await look("let-in", his);
  await his.getByLabel("The locum's code").fill("12 34 5x");
  await his.getByRole("button", { name: "Continue" }).click();
  await look("code-wrong", his);
  await his.getByLabel("The locum's code").fill(code);
  await his.getByRole("button", { name: "Continue" }).click();
  clicks++;
  await his.getByText(locum.Address).waitFor();
  await look("check", his);
  await his.getByRole("button", { name: `Let ${locum.Name} in` }).click();
  await his.getByText(`${locum.Name} reads and answers here until`).waitFor();
  console.log(`letting a locum in: ${clicks} clicks, ${((Date.now() - began) / 1000).toFixed(1)} s with the checks between, ${script ? "with" : "without"} script, ${width} wide`);

  await hers.goto(`${base}/mailboxes`);
  await hers.getByText(pharmacy).waitFor();

  await page.goto(page.url().replace(/\/locum.*/, "/locum"));
  await page.getByText(`Let in by ${colleague.Name}`).waitFor();
  await look("passes");
  await page.getByRole("link", { name: "Give a pass for a day to come" }).click();
  await page.getByRole("button", { name: "Give the pass" }).click();
  await look("pass-empty");
  await page.goto(page.url().replace(/\/locum.*/, "/locum")); // the way back over a form that was sent is the browser's, which asks about it when it has to load the page again
  await page.getByRole("link", { name: "The locum has no account" }).click();
  await page.getByLabel("First name").fill("Noor");
  await page.getByLabel("Last name").fill("Aziz");
  await page.getByLabel("How the locum is reached").fill("07700 900123, Friday and Saturday");
  await look("ask");
  await page.getByRole("button", { name: "Ask the local team" }).click();
  await look("asked");
};
