import assert from "node:assert/strict";

const foreign = 'require ["fileinto"];\r\n# by another program\r\nif address :contains "from" "circulars" {\r\n  fileinto "Junk";\r\n}\r\n';

// jmap makes calls as the person of the page.
const jmap = (page, calls) =>
  page.evaluate(async (calls) => {
    const session = await (await fetch("/.well-known/jmap")).json();
    const headers = { "Haven-Person": session.havenPerson };
    const accountId = Object.entries(session.accounts).find(([, a]) => !a.isPersonal)[0];
    const upload = async (text) => (await (await fetch(session.uploadUrl.replace("{accountId}", accountId), { method: "POST", body: text, headers: { ...headers, "Content-Type": "application/sieve" } })).json()).blobId;
    const read = async (blobId) => {
      const url = session.downloadUrl.replace("{accountId}", accountId).replace("{blobId}", blobId).replace("{name}", "x").replace("{type}", "text/plain");
      return (await fetch(`${url}&person=${session.havenPerson}`)).text();
    };
    const methodCalls = [];
    for (const [name, args] of calls) {
      if (args.text !== undefined) args.create = { new: { name: "Other", blobId: await upload(args.text) } };
      delete args.text;
      methodCalls.push([name, { accountId, ...args }, name]);
    }
    const body = JSON.stringify({ using: Object.keys(session.capabilities), methodCalls });
    const { methodResponses } = await (await fetch(session.apiUrl, { method: "POST", body, headers: { ...headers, "Content-Type": "application/json" } })).json();
    const list = methodResponses.at(-1)[1].list;
    const active = list?.find((s) => s.isActive);
    return active ? read(active.blobId) : "";
  }, calls);

export default async ({ page, base, look, script, run, data }) => {
  if (!script) return;
  const { aisha, ben } = data.runs[run];
  const logIn = async (who) => {
    await page.goto(`${base}/log-in?next=/mail/`);
    await page.getByLabel("Your address").fill(who.Address);
    await page.locator("#password").fill(who.Password);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("heading", { name: "Inbox" }).waitFor();
  };
  const menu = async (item) => {
    await page.getByRole("button", { name: /^Logged in as/ }).click();
    await page.getByRole("menuitem", { name: item }).click();
  };
  const said = (text) => page.getByText(text).first().waitFor();
  await logIn(aisha);
  const before = await jmap(page, [["SieveScript/set", { text: foreign, onSuccessActivateScript: "#new" }], ["SieveScript/get", { ids: null }]]);
  assert.equal(before, foreign);
  await menu("Settings");
  await page.getByRole("link", { name: "Filters" }).click();
  await said("Another program wrote filters too (Other)");

  // A filter that is not whole is not kept.
  await page.getByRole("button", { name: "New filter" }).click();
  await page.getByRole("button", { name: "Save" }).click();
  await said("Give it a name.");
  await said("Write what is looked for.");
  await said("Choose what is done with it.");
  await look("incomplete");
  const make = async (name, value) => {
    await page.getByLabel("Name of the filter").fill(name);
    await page.getByRole("textbox", { name: "Text" }).fill(value);
    await page.getByLabel("Move to").selectOption({ label: "Archive" });
    await page.getByRole("checkbox", { name: "Flag" }).check();
    await page.getByLabel("It is a").selectOption("Discharge note");
    await page.getByLabel("To be done within").waitFor();
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText(`From contains “${value}” → is a Discharge note, to be done within 72 hours, goes to Archive, is flagged`).waitFor();
  };
  await make("Discharge notes", "ward12");
  await page.getByRole("button", { name: "New filter" }).click();
  await make("Wrong", 'gp@ "quoted" \\');
  await look("filters");
  await page.getByRole("button", { name: "Turn off: Wrong" }).click();
  await page.getByRole("button", { name: "Turn on: Wrong" }).waitFor();
  await page.getByRole("button", { name: "Move up: Wrong" }).click();
  await page.locator(".filters li").first().getByText("Wrong", { exact: true }).waitFor();
  await page.reload();
  await page.getByRole("button", { name: "Turn on: Wrong" }).waitFor();
  const both = await jmap(page, [["SieveScript/get", { ids: null }]]);
  assert.ok(both.includes(foreign), `the foreign filter is ${both}`);
  await page.getByRole("button", { name: "Delete: Wrong" }).click();
  await page.getByRole("button", { name: "Turn on: Wrong" }).waitFor({ state: "detached" });

  // The automatic reply, and how letters end.
  await page.getByRole("link", { name: "Automatic reply" }).click();
  await page.getByLabel("Answer automatically").check();
  await page.getByRole("button", { name: "Save" }).click();
  await said("Write what senders are told, or turn it off.");
  await page.getByLabel("What senders are told").fill("We are closed on Sunday.");
  await page.getByLabel("Last day").fill("2019-01-01");
  await page.getByLabel("First day").fill("2019-01-02");
  await page.getByRole("button", { name: "Save" }).click();
  await said("The last day comes after the first.");
  await look("reply");
  await page.getByLabel("First day").fill("");
  await page.getByLabel("Last day").fill("");
  await page.getByLabel("Answer automatically").uncheck();
  await page.getByRole("button", { name: "Save" }).click();
  await said("Saved");
  await page.getByRole("link", { name: "Signature" }).click();
  await page.getByLabel(/^How letters from/).first().fill("Aisha Rahman\nPharmacist");
  await page.getByRole("button", { name: "Save" }).first().click();
  await said("Saved");
  await look("signature");
  await page.reload();
  await page.getByLabel(/^How letters from/).first().waitFor();
  assert.equal(await page.getByLabel(/^How letters from/).first().inputValue(), "Aisha Rahman\nPharmacist");

  // Ben is no owner.
  await menu("Log out");
  await page.getByRole("heading", { name: "Log in" }).waitFor();
  await logIn(ben);
  await menu("Settings");
  await said("Only an owner of the mailbox sees and changes this.");
  await look("no-owner");
};
