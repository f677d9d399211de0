import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";

export default async ({ page, context, base, look, script, width, run, data }) => {
  if (!script) return; // the web client is a script
  const { aisha, lee } = data.runs[run];
  const enter = async (at, who) => {
    await at.goto(`${base}/log-in?next=/mail/`);
    await at.getByLabel("Your address").fill(who.Address);
    await at.locator("#password").fill(who.Password);
    await at.getByRole("button", { name: "Log in" }).click();
  };
  await enter(page, aisha);
  await page.locator(".row", { hasText: "Please fill this in" }).click();
  await page.getByRole("button", { name: /^stock\.pdf/ }).click();
  const viewer = page.getByRole("dialog", { name: /^stock\.pdf/ });

  // The form is filled in where it is shown.
  await viewer.getByText("This is a form.").waitFor();
  await viewer.getByLabel("Medicine").fill("Furosemide");
  await viewer.getByLabel("In stock").check();
  await viewer.getByLabel("Form", { exact: true }).selectOption("liquid");
  assert.equal(await viewer.locator(".pdf-fields > *").count(), 3, "the button of the form is there");
  await look("form");

  // Who closes it is asked, and goes on.
  await viewer.getByRole("button", { name: "Close" }).click();
  const question = page.getByRole("dialog", { name: "Leave the form?" });
  await question.getByRole("button", { name: "Cancel" }).click();
  assert.equal(await viewer.getByLabel("Medicine").inputValue(), "Furosemide");
  const text = (path) => execFileSync("pdftotext", ["-layout", path, "-"], { encoding: "utf8" });
  const [copy] = await Promise.all([page.waitForEvent("download"), viewer.getByRole("button", { name: "Download filled in" }).click()]);
  assert.equal(copy.suggestedFilename(), "stock filled in.pdf");
  assert.match(text(await copy.path()), /Furosemide[^]*liquid/);

  // The answer has the copy with it.
  await viewer.getByRole("button", { name: "Answer with it" }).click();
  const send = page.getByRole("button", { name: "Send", exact: true });
  await page.getByText("stock filled in.pdf").waitFor();
  await page.getByRole("textbox", { name: "Text of the letter" }).fill("Here it is.");
  await page.getByText(/^Saved at/).waitFor();
  await look("answer");
  await send.click();
  await page.getByText("Sent in a moment.").first().waitFor();

  // Who asked reads it.
  const second = await context.browser().newContext({ viewport: page.viewportSize(), reducedMotion: "reduce" });
  const other = await second.newPage();
  other.setDefaultTimeout(45_000); // it could be taken back for a while
  await enter(other, lee);
  await other.locator(".row", { hasText: "Re: Please fill this in" }).click();
  const [came] = await Promise.all([other.waitForEvent("download"), other.getByRole("link", { name: "Download: stock filled in.pdf" }).click()]);
  assert.match(text(await came.path()), /Do you have it in stock\?[^]*Furosemide[^]*liquid/);
  await other.getByRole("button", { name: /^stock filled in\.pdf/ }).click();
  assert.equal(await other.getByLabel("In stock").isChecked(), true);
  await second.close();
};
