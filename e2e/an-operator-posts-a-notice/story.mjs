import assert from "node:assert/strict";
import { createHmac } from "node:crypto";

// codeOf is the code that an app would show (RFC 6238) for a key in base 32.
const codeOf = (key) => {
  const bits = [...key.replaceAll(" ", "")].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
  const secret = Buffer.from(bits.match(/.{8}/g).map((octet) => parseInt(octet, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const sum = createHmac("sha1", secret).update(step).digest();
  return String((sum.readUInt32BE(sum.at(-1) & 15) & 0x7fffffff) % 1_000_000).padStart(6, "0");
};

export default async ({ page, context, base, look, run, script, width, data }) => {
  const { operator } = data.scenes[run];
  const title = () => page.locator("h1").innerText();
  const name = `Texts arrive late (${run})`;

  await page.goto(`${base}/operator`);
  await page.getByLabel("Your address").fill(operator.Address);
  await page.locator("#password").fill(operator.Password);
  await page.getByRole("button", { name: "Log in" }).click();
  assert.equal(await title(), "You can't do this");
  await look("without-a-second-step");
  await page.getByRole("link", { name: "Set up the second step" }).click();
  await page.locator("form[action='/account/second-step/begin'] button").click();
  const key = await page.locator(".haven-secret").first().innerText();
  await page.locator("#code").fill(codeOf(key));
  await page.getByRole("button", { name: "Continue" }).click();

  await page.goto(`${base}/operator`);
  assert.equal(await title(), "Operator");
  await look("home");
  for (const [link, heading] of [["Calls", "Calls"], ["Tasks", "Tasks"], ["Outbox", "Outbox"]]) {
    await page.getByRole("main").getByRole("link", { name: link, exact: true }).click();
    assert.equal(await title(), heading);
    await look(link.toLowerCase());
    await page.getByRole("link", { name: "Back", exact: true }).click();
  }
  await page.getByRole("link", { name: "Status notices" }).click();
  await look("notices-none");
  await page.getByRole("link", { name: "Post a notice" }).click();
  await page.getByRole("button", { name: "Continue" }).click();
  await look("notice-empty");
  await page.getByLabel("A problem", { exact: true }).check();
  await page.getByLabel("Title").fill(name);
  await page.getByLabel("What happens, whom it concerns").fill("Codes take some minutes longer.\n\nUse a recovery code if you can't wait. <script>alert(1)</script> علي 🦊");
  await look("notice-new");
  await page.getByRole("button", { name: "Continue" }).click();
  assert.equal(await title(), "Is this right?");
  await look("notice-check");
  await page.getByRole("button", { name: "Change it" }).click();
  assert.match(await page.getByLabel("What happens, whom it concerns").inputValue(), /longer\.\s+Use a recovery/);
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("button", { name: "Post the notice" }).click();
  await page.getByText("The notice is posted.").waitFor();
  await look("notices");

  const other = await context.browser().newContext({ viewport: { width, height: 900 }, javaScriptEnabled: script });
  const stranger = await other.newPage();
  await stranger.goto(base);
  await stranger.getByText(name).first().waitFor();
  await stranger.locator(".haven-notice", { hasText: name }).getByRole("link").click();
  await stranger.getByText("Codes take some minutes longer.").first().waitFor();
  await other.close();

  await page.goto(`${base}/status`);
  await look("status");
  await page.goto(`${base}/mailboxes`);
  await look("mailboxes");
  await page.goto(`${base}/operator/notices`);
  await page.locator(".nhsuk-card", { hasText: name }).getByRole("button", { name: "End this notice" }).click();
  await page.getByText("The notice is ended.").waitFor();
  await look("notices-ended");

  const number = `National helpdesk: 01632 96000${run}, always open.`;
  await page.goto(`${base}/operator/texts`);
  await look("texts");
  await page.getByRole("main").getByRole("link", { name: "National helpdesk" }).click();
  await look("text-line");
  await page.getByLabel("One line, on every page").fill(number);
  await page.getByRole("button", { name: "Continue" }).click();
  await look("text-check");
  await page.getByRole("button", { name: "Publish" }).click();
  await page.getByText("the new version is published").waitFor();
  await page.goto(`${base}/help`);
  assert.equal(await page.getByText(number).count(), 2, "the number stands on the page and in its footer");
  await look("help");
  await page.goto(`${base}/operator/texts/acceptable-use`);
  await look("text-rules");
  await page.goto(`${base}/about/training`);
  await look("training");
  await page.getByRole("button", { name: "Log out" }).click();
  assert.equal(await page.getByText(name).count(), 0);
};
