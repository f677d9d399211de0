import assert from "node:assert/strict";

export default async ({ page, base, look, script, width, run, data }) => {
  if (!script) return; // the client is script; without it the page says what there is else
  const { aisha } = data.runs[run];
  let clicks = 0;
  const click = async (role, name, within = page) => {
    clicks++;
    await within.getByRole(role, { name, exact: typeof name === "string" }).first().click();
  };
  const job = async (what, most, steps) => {
    clicks = 0;
    const began = Date.now();
    await steps();
    console.log(`${what}: ${clicks} clicks, ${((Date.now() - began) / 1000).toFixed(1)} s, ${width} wide`);
    assert.ok(clicks <= most, `${what} takes ${clicks} clicks, more than ${most}`);
  };
  await page.goto(`${base}/log-in?next=/mail/`);
  await page.getByLabel("Your address").fill(aisha.Address);
  await page.locator("#password").fill(aisha.Password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("row", { name: /Referral of Mr Birch/ }).waitFor();

  await job("finding the new referral and taking it", 2, async () => {
    await click("row", /Referral of Mr Birch/);
    await click("button", "Take it");
    await page.getByText(/^Yours since/).first().waitFor();
  });
  await look("taken");

  await job("answering as the pharmacy with a file", 3, async () => {
    await click("button", "Reply");
    await page.getByText(/^You write as Pharmacy/).waitFor();
    await page.keyboard.type("We see to it. The list is attached.");
    await look("writing");
    const chooser = page.waitForEvent("filechooser");
    await click("button", "Attach files");
    await (await chooser).setFiles({ name: "List.txt", mimeType: "text/plain", buffer: Buffer.from("Amoxicillin\n") });
    await page.getByRole("button", { name: /^Take out List/ }).waitFor();
    await click("button", "Send");
    await page.getByText("You can still take it back").waitFor();
  });
  await look("answered");

  // The number that stands in the letter is offered; the file is made at once.
  await job("filing it to the patient's record", 3, async () => {
    await click("button", "File to record");
    const dialog = page.getByRole("dialog", { name: "Filing to a patient's record" });
    await dialog.waitFor();
    await click("button", /^Use 943 476 5919/);
    const made = page.waitForEvent("download");
    await click("button", /^File /, dialog);
    assert.match((await made).suggestedFilename(), /\.pdf$/);
    await dialog.getByText(/^Marked as filed/).waitFor();
  });
  await look("filed");
};
