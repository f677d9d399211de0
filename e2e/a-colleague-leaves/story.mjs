import assert from "node:assert/strict";

export default async ({ context, base, look, run, script, width, data }) => {
  const { aisha, dev, next } = data.scenes[run];
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

  const hers = await logIn(aisha);
  await follow(hers, "My account");
  await follow(hers, /^Leave Test Pharmacy/);
  await look("leave", hers);
  await press(hers, /^Leave Test Pharmacy/);
  await says(hers, "Say who becomes the owner");
  await look("leave-no-successor", hers);
  await hers.getByLabel("Ben Whitlock").check();
  await hers.getByLabel("Somebody comes soon").check();
  await press(hers, /^Leave Test Pharmacy/);
  await says(hers, "You have left Test Pharmacy, Leeds.");
  await says(hers, "You have no post at the moment.");
  await look("leaver", hers);

  const theirs = await logIn(dev);
  await theirs.locator(".haven-mailbox a").first().click();
  await follow(theirs, "Give a colleague access");
  await theirs.getByLabel("Your colleague's name or own address").fill(aisha.Address);
  await press(theirs, "Continue");
  await look("take-on", theirs);
  assert.ok(await theirs.getByLabel("Aisha Rahman works here").isChecked());
  await press(theirs, "Give access");
  await says(theirs, "Aisha Rahman has access to the mailbox now.");
  await follow(hers, "My account");
  await says(hers, "Your account is active.");
  await hers.goto(`${base}/mailboxes`);
  await says(hers, next);

  await follow(theirs, "Change the access of Aisha Rahman");
  await look("member", theirs);
  await follow(theirs, "Aisha Rahman does not work here any more");
  await look("end-post", theirs);
  await theirs.getByLabel("Nobody else works there").check();
  await press(theirs, "End the post of Aisha Rahman");
  await says(theirs, "Aisha Rahman has left Test Pharmacy, Leeds.");
};
