import assert from "node:assert/strict";

export default async ({ page, context, base, look, script, width, run, data }) => {
  if (!script) return; // the client is script; without it the page says what there is else
  const { aisha, ben, surgery, shop } = data.runs[run];
  const logIn = async (at, who) => {
    await at.goto(`${base}/log-in?next=/mail/`);
    await at.getByLabel("Your address").fill(who.Address);
    await at.locator("#password").fill(who.Password);
    await at.getByRole("button", { name: "Log in" }).click();
    await at.getByRole("grid").waitFor();
  };
  const folder = async (name) => {
    if (width < 1000) await page.getByRole("button", { name: "Mailboxes and folders" }).click();
    await page.getByRole("link", { name }).last().click();
  };
  const text = () => page.getByRole("textbox", { name: "Text of the letter" });
  await logIn(page, aisha);

  // Two letters go with one, each a file of its own, by keys alone.
  await page.getByRole("row", { name: /Medicines of Mr Birch/ }).waitFor();
  await page.getByRole("row", { name: /Allergies of Mr Birch/ }).focus();
  await page.keyboard.press("Control+a");
  await page.getByText("2 selected").waitFor();
  await page.keyboard.press("Shift+F10");
  await page.getByRole("menuitem", { name: "Forward as attachment" }).press("Enter");
  await page.getByText("Medicines of Mr Birch.eml").waitFor();
  await page.getByText("Allergies of Mr Birch.eml").waitFor();
  await page.getByRole("combobox", { name: "To" }).fill(surgery.Address);
  await page.getByRole("combobox", { name: "To" }).press("Enter");
  await page.getByLabel("Subject").fill("Mr Birch, two letters");
  await text().fill("Both came from the ward.");
  await look("files");
  await page.getByRole("button", { name: "Send later" }).click();
  await page.getByRole("button", { name: /Tomorrow morning/ }).click();
  await page.getByText(/^It goes on .*Until then it is in Scheduled/).waitFor();

  // Who is about to log out is told that it waits.
  const account = page.getByRole("button", { name: /^Logged in as/ });
  await account.click();
  await page.getByRole("menuitem", { name: /^1 letter waiting to be sent/ }).waitFor();
  await page.getByRole("menuitem", { name: "Log out" }).click();
  await page.getByRole("heading", { name: "A letter still waits to be sent" }).waitFor();
  await page.getByText(/“Mr Birch, two letters” goes on/).waitFor();
  await look("still-waits");
  await page.getByRole("button", { name: "Cancel" }).click();

  // It is called back and changed; its time is kept.
  await folder(/^Scheduled/);
  await page.getByRole("row", { name: /Mr Birch, two letters/ }).click();
  await page.getByText(/^Goes on/).waitFor();
  await look("scheduled");
  await page.getByRole("button", { name: "Change it" }).click();
  await page.getByText(/^It was to go on/).waitFor();
  await page.getByTitle("Allergies of Mr Birch.eml").waitFor();
  await text().fill("Both came from the ward today.");
  await look("called-back");
  await page.getByRole("button", { name: /^Send \w+,? \d/ }).click();
  await page.getByText(/^It goes on .*Until then it is in Scheduled/).waitFor();

  // It goes now all the same.
  await page.getByRole("button", { name: "Change the time" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Send now" }).click();
  await page.getByText("You can still take it back").waitFor();
  const other = await (await context.browser().newContext({ ignoreHTTPSErrors: true })).newPage();
  await logIn(other, surgery);
  const came = other.getByRole("row", { name: /Mr Birch, two letters/ });
  await came.waitFor({ timeout: 55_000 });
  await came.click();
  await other.getByText("Both came from the ward today.").first().waitFor();
  await other.getByRole("button", { name: /^Allergies of Mr Birch\.eml/ }).click();
  await other.getByRole("dialog").getByText("The list is below.").first().waitFor();
  await other.context().close();

  // While hers can still be taken back, Ben answers first.
  await folder(/^Inbox/);
  await page.getByRole("row", { name: /Medicines of Mr Birch/ }).click();
  await page.getByRole("button", { name: "Reply", exact: true }).click();
  await text().fill("Dear ward, he takes amoxicillin.");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.getByText("You can still take it back").last().waitFor();
  if (width < 860) await page.getByRole("button", { name: "Back to the list" }).click();
  await page.getByRole("row", { name: /Allergies of Mr Birch/ }).click(); // so that she does not see what Ben writes
  const colleague = await (await context.browser().newContext({ ignoreHTTPSErrors: true })).newPage();
  await logIn(colleague, ben);
  const answered = await colleague.evaluate(async (shop) => {
    const session = await (await fetch("/.well-known/jmap")).json();
    const accountId = Object.entries(session.accounts).find(([, a]) => !a.isPersonal)[0];
    const ask = (methodCalls) =>
      fetch(session.apiUrl, { method: "POST", headers: { "Content-Type": "application/json", "Haven-Person": session.havenPerson }, body: JSON.stringify({ using: Object.keys(session.capabilities), methodCalls }) }).then((r) => r.json());
    const first = await ask([
      ["Email/query", { accountId, filter: { subject: "Medicines of Mr Birch", from: "ward@hospital.test" } }, "0"],
      ["Email/get", { accountId, "#ids": { resultOf: "0", name: "Email/query", path: "/ids" }, properties: ["messageId"] }, "1"],
      ["Mailbox/get", { accountId, ids: null }, "2"],
      ["Identity/get", { accountId, ids: null }, "3"],
    ]);
    const [, [, { list: [letter] }], [, { list: folders }], [, { list: [identity] }]] = first.methodResponses;
    const drafts = folders.find((f) => f.role === "drafts").id;
    const email = { mailboxIds: { [drafts]: true }, keywords: { $draft: true }, from: [{ email: shop }], to: [{ email: "ward@hospital.test" }], subject: "Re: Medicines of Mr Birch", inReplyTo: letter.messageId, references: letter.messageId, bodyValues: { t: { value: "None." } }, textBody: [{ partId: "t" }] };
    const envelope = { mailFrom: { email: shop, parameters: { HOLDFOR: "0" } }, rcptTo: [{ email: "ward@hospital.test" }] };
    return ask([
      ["Email/set", { accountId, create: { d: email } }, "0"],
      ["EmailSubmission/set", { accountId, create: { s: { emailId: "#d", identityId: identity.id, envelope } }, onSuccessUpdateEmail: { "#s": { "keywords/$draft": null } } }, "1"],
    ]);
  }, shop);
  assert.ok(answered.methodResponses[1][1].created?.s, JSON.stringify(answered.methodResponses));
  await colleague.context().close();
  await page.getByText(/“Re: Medicines of Mr Birch” was not sent: .*Ben Whitlock/).waitFor({ timeout: 55_000 });
  await look("refused");
  await page.getByRole("button", { name: "Open the draft" }).click();
  await text().waitFor();
  assert.match(await text().inputValue(), /^Dear ward, he takes amoxicillin\./);
};
