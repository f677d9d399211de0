import assert from "node:assert/strict";

const list = "Amoxicillin 500 mg, three times a day\nÜ, 처방전\n";

export default async ({ page, context, base, look, script, width, run, data }) => {
  if (!script) return; // the client is script; without it the page says what there is else
  const { aisha, ward, shop } = data.runs[run];
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

  // She answers as the pharmacy, whose name stands above what she writes.
  await page.getByRole("row", { name: /Medicines of Mr Birch/ }).click();
  await page.getByRole("button", { name: "Reply", exact: true }).click();
  await page.getByText(/^You write as Pharmacy/).waitFor();
  assert.equal(await page.getByLabel("Subject").inputValue(), "Re: Medicines of Mr Birch");
  await text().fill("Dear ward,\nthe list is attached.");

  // A word of a name finds a person, and the keyboard takes the one that is meant.
  await page.getByRole("button", { name: "Cc", exact: true }).click();
  await page.getByRole("combobox", { name: "Cc" }).fill("aisha");
  await page.getByRole("option", { name: /Aisha Rahman/ }).first().waitFor();
  await look("found");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Escape");
  await page.getByRole("combobox", { name: "Cc" }).fill("nobody at all");
  await page.getByRole("combobox", { name: "Cc" }).press("Enter");
  await page.getByText("nobody at all is no address").first().waitFor();
  await look("wrong");
  await page.getByRole("button", { name: /^nobody at all\./ }).press("Delete");

  // The page is loaded anew in the middle, and she goes on where she was.
  await page.getByText(/^Saved at/).waitFor();
  await text().fill("Dear ward,\nthe list is attached. Ask me for more");
  await page.reload();
  await page.getByRole("heading", { name: "Medicines of Mr Birch" }).waitFor();
  await folder(/^Drafts/);
  await page.getByRole("row", { name: /Medicines of Mr Birch/ }).click();
  await text().waitFor();
  assert.match(await text().inputValue(), /^Dear ward,\nthe list is attached\. Ask me for more/);

  // She attaches the list and sends the letter.
  await page.locator("input[type=file]").setInputFiles({ name: "Mr Birch, Liste 처방.txt", mimeType: "text/plain", buffer: Buffer.from(list) });
  await page.getByRole("button", { name: /^Take out Mr Birch/ }).waitFor();
  await page.getByText(/^Saved at/).waitFor();
  await look("attached");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.getByText("You can still take it back").waitFor();
  await look("sent");

  // She takes it back. It is as it was, and goes with one word more.
  await page.getByRole("button", { name: "Undo" }).click();
  await text().waitFor();
  assert.match(await text().inputValue(), /Ask me for more$/m);
  await page.getByRole("button", { name: /^Take out Mr Birch/ }).waitFor();
  await text().fill("Dear ward,\nthe list is attached. Ask me for more. Aisha");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.getByText("You can still take it back").waitFor();
  await folder(/^Sent/);
  await page.getByRole("row", { name: /Medicines of Mr Birch/ }).waitFor();

  // The ward gets it, once.
  const other = await (await context.browser().newContext({ ignoreHTTPSErrors: true })).newPage();
  await logIn(other, ward);
  const came = other.getByRole("row", { name: /Re: Medicines of Mr Birch/ });
  await came.waitFor({ timeout: 55_000 }); // the service holds it back for as long as it can be taken back
  assert.equal(await came.count(), 1);
  await came.click();
  await other.getByText("Ask me for more. Aisha").first().waitFor();
  await other.getByText("Mr Birch, Liste 처방.txt").first().waitFor();
  const letter = await other.evaluate(async (to) => {
    const session = await (await fetch("/.well-known/jmap")).json();
    const accountId = session.primaryAccounts["urn:ietf:params:jmap:mail"];
    const ask = (methodCalls) =>
      fetch(session.apiUrl, { method: "POST", headers: { "Content-Type": "application/json", "Haven-Person": session.havenPerson }, body: JSON.stringify({ using: Object.keys(session.capabilities), methodCalls }) }).then((r) => r.json());
    const got = await ask([
      ["Email/query", { accountId, filter: { from: to } }, "0"],
      ["Email/get", { accountId, "#ids": { resultOf: "0", name: "Email/query", path: "/ids" }, properties: ["from", "inReplyTo", "references", "attachments"] }, "1"],
    ]);
    const [email] = got.methodResponses[1][1].list;
    const url = session.downloadUrl.replace("{accountId}", accountId).replace("{blobId}", email.attachments[0].blobId).replace("{name}", "x").replace("{type}", "text/plain");
    return { email, file: await (await fetch(`${url}&person=${session.havenPerson}`)).text() };
  }, shop);
  assert.equal(letter.email.from[0].email, shop, "it does not come from the pharmacy");
  assert.equal(letter.email.inReplyTo.length, 1);
  assert.equal(letter.file.replaceAll("\r\n", "\n"), list, "the list is not as it was");
  await other.context().close();

  // What was answered says so, and no draft stays.
  await folder(/^Inbox/);
  await page.getByRole("row", { name: /Medicines of Mr Birch/ }).waitFor();
  await folder(/^Drafts/);
  await page.getByText("Nothing here.").waitFor();
};
