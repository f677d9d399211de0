import assert from "node:assert/strict";

export default async ({ page, context, base, look, script, width, run, data }) => {
  if (!script) return; // the client is script; without it the page says what there is else
  const { aisha, ben, shop } = data.runs[run];
  const logIn = async (at, who) => {
    await at.goto(`${base}/log-in?next=/mail/`);
    await at.getByLabel("Your address").fill(who.Address);
    await at.locator("#password").fill(who.Password);
    await at.getByRole("button", { name: "Log in" }).click();
    await at.getByRole("button", { name: "Write", exact: true }).waitFor();
  };
  const folder = async (at, name, which = "last") => {
    if (width < 1000) await at.getByRole("button", { name: "Mailboxes and folders" }).click();
    await at.getByRole("link", { name })[which]().click();
  };
  const text = (at) => at.getByRole("textbox", { name: "Text of the letter" });
  const templates = (at) => at.getByRole("button", { name: "Templates", exact: true });
  await logIn(page, aisha);

  // She writes it once.
  await page.getByRole("button", { name: "Write", exact: true }).click();
  await page.getByRole("combobox", { name: "To" }).fill("somebody@surgery.test");
  await page.getByRole("combobox", { name: "To" }).press("Enter");
  await text(page).fill("Your medicines are ready.");
  await templates(page).click();
  await page.getByRole("option", { name: /^Save this letter as a template/ }).click();
  await page.getByText(/^Give the letter a subject first/).waitFor();
  await page.getByLabel("Subject").fill("Medicines ready");
  await page.locator("input[type=file]").setInputFiles({ name: "leaflet.txt", mimeType: "text/plain", buffer: Buffer.from("Open from 9 to 6") });
  await page.getByRole("button", { name: "Take out leaflet.txt" }).waitFor();
  await templates(page).click();
  await look("none-yet");
  await page.getByRole("option", { name: /^Save this letter as a template/ }).click();
  await page.getByText(/“Medicines ready” is a template now/).waitFor();
  await page.getByRole("button", { name: "Discard" }).click();

  // Ben writes as himself, and then as the pharmacy.
  const other = await (await context.browser().newContext({ ignoreHTTPSErrors: true, viewport: { width, height: 900 }, reducedMotion: "reduce" })).newPage();
  await logIn(other, ben);
  await folder(other, /^Inbox/, "first");
  await other.getByRole("button", { name: "Write", exact: true }).click();
  await other.getByText("You write as Ben Whitlock").waitFor();
  await other.getByRole("combobox", { name: "To" }).fill("mr.birch@surgery.test");
  await other.getByRole("combobox", { name: "To" }).press("Enter");
  await other.getByLabel("Subject").fill("For Mr Birch");
  await text(other).fill("See you tomorrow.");
  await other.getByRole("button", { name: /^From/ }).click();
  await other.getByRole("combobox", { name: "From" }).fill("pharmacy");
  if (width > 1000) await look("from", other); // on a phone the list lies half over what is behind it
  await other.keyboard.press("Enter");
  await other.getByText(/^You write as Pharmacy/).waitFor();
  assert.equal(await text(other).inputValue(), "See you tomorrow.");
  await other.getByText(/^Saved at/).waitFor();

  // The template comes in by keys alone; what is there stays.
  await templates(other).focus();
  await other.keyboard.press("Enter");
  await other.getByRole("combobox", { name: "Templates" }).pressSequentially("medi");
  await other.getByRole("option", { name: /^Medicines ready/ }).waitFor();
  await look("found", other);
  await other.keyboard.press("Enter");
  await other.getByRole("button", { name: "Take out leaflet.txt" }).waitFor();
  assert.equal(await text(other).inputValue(), "Your medicines are ready.\n\nSee you tomorrow.");
  assert.equal(await other.getByLabel("Subject").inputValue(), "For Mr Birch");
  await other.getByText("mr.birch@surgery.test").waitFor();
  assert.equal(await other.getByText("somebody@surgery.test").count(), 0, "it has the recipients of the letter that it was made of");
  await look("in-it", other);
  await other.getByRole("button", { name: "Save and close" }).click();
  await folder(other, /^Drafts/, "first");
  await other.getByText("Nothing here.").waitFor(); // it went over to the pharmacy's
  await folder(other, /^Drafts/);
  await other.getByRole("row", { name: /For Mr Birch/ }).waitFor();
  await other.context().close();

  // She changes it: there is one of its name.
  await folder(page, /^Templates/);
  await page.getByRole("row", { name: /Medicines ready/ }).click();
  await page.getByRole("button", { name: "Write with it" }).waitFor();
  await look("template");
  await page.getByRole("button", { name: "Write with it" }).click();
  await text(page).fill("Your medicines are ready from 9.");
  await templates(page).click();
  await page.getByRole("option", { name: /^Save this letter as a template/ }).click();
  await page.getByRole("button", { name: "Replace it" }).click();
  await page.getByText(/“Medicines ready” is a template now/).last().waitFor();
  await page.getByRole("button", { name: "Discard" }).click();
  await folder(page, /^Inbox/);
  await folder(page, /^Templates/);
  await page.getByRole("row", { name: /ready from 9/ }).waitFor();
  assert.equal(await page.getByRole("row", { name: /Medicines ready/ }).count(), 1);
};
