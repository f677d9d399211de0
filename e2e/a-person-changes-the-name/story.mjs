import assert from "node:assert/strict";

export default async ({ context, base, look, run, script, width, data }) => {
  const { aisha, ben } = data.scenes[run];
  // Each has a browser of the own.
  const logIn = async (who) => {
    const own = await context.browser().newContext({ viewport: { width, height: 900 }, javaScriptEnabled: script, ignoreHTTPSErrors: true, reducedMotion: "reduce" });
    const page = await own.newPage();
    await page.goto(`${base}/log-in`);
    await page.getByLabel("Your address").fill(who.Address);
    await page.locator("#password").fill(who.Password);
    await page.getByRole("button", { name: "Log in" }).click();
    return page;
  };
  const press = (page, name) => page.getByRole("button", { name }).click();
  const follow = (page, name) => page.getByRole("link", { name, exact: typeof name === "string" }).click();
  const says = async (page, text) => page.getByText(text).first().waitFor();

  const his = await logIn(ben);
  await follow(his, "My account");
  await follow(his, "Change your name");
  await look("name", his);
  await his.getByLabel("Last name").fill("");
  await his.getByLabel("First name").fill("");
  await press(his, "Ask for it");
  await look("name-empty", his);
  await his.getByLabel("First name").fill("Ben");
  await his.getByLabel("Last name").fill("Marlow");
  await press(his, "Ask for it");
  await says(his, "Your request waits");
  await look("name-asked", his);
  await follow(his, "Back to my account");
  await look("account-asked", his);
  await follow(his, "Change your job title");
  await look("job", his);
  await his.getByLabel("What is your job title?").fill("Superintendent");
  await press(his, "Ask for it");

  const hers = await logIn(aisha);
  await look("mailboxes", hers);
  await follow(hers, "2 requests of your colleagues");
  await look("requests", hers);
  await follow(hers, "Decide about the name of Ben Whitlock");
  await look("request", hers);
  await hers.getByLabel("Yes, accept it").check();
  await press(hers, "Save");
  await says(hers, "The request of Ben Marlow is accepted.");
  await follow(hers, "Decide about the job title of Ben Marlow");
  await hers.getByLabel("No, refuse it").check();
  await press(hers, "Save");
  await says(hers, "Say why");
  await look("request-no-reason", hers);
  await hers.getByLabel("Why you refuse it").fill("You are a dispenser.");
  await press(hers, "Save");
  await says(hers, "is refused");
  await follow(his, "My account");
  await says(his, "Ben Marlow");
  await look("account-renamed", his);
};
