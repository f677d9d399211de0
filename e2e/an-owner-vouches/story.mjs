import assert from "node:assert/strict";
import { createHmac } from "node:crypto";

// totp is the code that an app shows for a key (RFC 6238), steps of half a minute from now.
const totp = (key, step = 0) => {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  let bits = "";
  for (const c of key.replaceAll(" ", "")) bits += alphabet.indexOf(c).toString(2).padStart(5, "0");
  const secret = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + step));
  const mac = createHmac("sha1", secret).update(counter).digest();
  const at = mac[19] & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
};

export default async ({ page, context, base, look, run, script, width, data }) => {
  const { owner, colleague, mobile, shown, pharmacy, elsewhere } = data.scenes[run];
  const heading = (at, name) => at.getByRole("heading", { level: 1, name }).waitFor();
  const press = (at, name) => at.getByRole("button", { name, exact: true }).click();
  const logIn = async (at, who, password) => {
    await at.goto(`${base}/log-in`);
    await at.getByLabel("Your address").fill(who.Address);
    await at.locator("#password").fill(password);
    await press(at, "Log in");
  };

  await logIn(page, owner, owner.Password);
  await page.goto(`${base}/account/second-step`);
  await press(page, "Set up an app");
  const key = await page.locator(".haven-secret").first().innerText();
  await page.locator("#code").fill(totp(key));
  await press(page, "Continue");
  await page.getByText("They are shown this once").waitFor();

  await page.goto(`${base}/mailboxes`);
  await page.locator(".haven-mailbox a").first().click();
  await page.getByRole("link", { name: `Change the access of ${colleague.Name}` }).click();
  await look("member");
  await page.getByRole("link", { name: `vouch for ${colleague.Name}` }).click();
  await heading(page, `Vouch for ${colleague.Name}`);
  await look("begin");
  await press(page, "Begin");
  await heading(page, /How did you make sure/);
  await look("how");
  await press(page, "Continue");
  await page.getByText("Say how you made sure who it is").first().waitFor();
  await look("how-empty");
  await page.getByLabel("I know my colleague, and we met in person").check();
  await press(page, "Continue");
  await heading(page, /mobile number/);
  await look("mobile");
  await page.locator("#mobile").fill(mobile);
  await press(page, "Continue");
  await heading(page, "Check your answers");
  await look("check");
  await press(page, "Change my answers");
  await heading(page, /How did you make sure/);
  assert.equal(await page.getByLabel("I know my colleague, and we met in person").isChecked(), true, "what was said is forgotten");
  await press(page, "Continue");
  await heading(page, /mobile number/);
  assert.equal(await page.locator("#mobile").inputValue(), mobile);
  await press(page, "Continue");
  await heading(page, "Check your answers");
  await page.locator("#password").fill(owner.Password);
  await page.locator("#code").fill(totp(key, 1)); // the next one: each serves once
  await press(page, `Vouch for ${colleague.Name}`);
  await heading(page, `You have vouched for ${colleague.Name}`);
  await look("done");

  const other = await context.browser().newContext({ viewport: { width, height: 900 }, javaScriptEnabled: script, reducedMotion: "reduce" });
  const his = await other.newPage();
  const notice = async (to, what, find) => {
    for (let i = 0; i < 100; i++) {
      await his.goto(`${base}/outbox`);
      const row = his.locator(`tr:has-text("${to}")`).filter({ hasText: what }).first();
      if (await row.count()) {
        await his.goto(base + (await row.locator("a").getAttribute("href")));
        const found = (await his.locator("main").innerText()).match(find);
        if (found) return found[1];
      }
    }
    throw new Error(`no ${what} came to ${to}`);
  };
  const password = await notice(shown, "Temporary password", /password for secure mail is (.+?)\. It/);
  const link = await notice("b•••@v•••", "Somebody vouched for you", /(\/vouched\/\S+)/);
  await logIn(his, colleague, password);
  await heading(his, "Choose a new password");
  const fresh = `violet harbour kettle ${run}`;
  await his.locator("#password").fill(password);
  await his.locator("#new").fill(fresh);
  await his.locator("#again").fill(fresh);
  await press(his, "Change password");
  await his.getByText("Your password is changed").waitFor();
  await his.goto(`${base}/mailboxes`);
  await his.getByText("Your account is limited").waitFor();
  await look("limited", his);
  await his.getByText(pharmacy).waitFor();
  assert.equal(await his.getByText(elsewhere).count(), 0, "another premises opens");
  await his.goto(`${base}/account/email`);
  await his.getByText("Somebody vouched for you").waitFor();
  await look("refused", his);
  await his.goto(base + link);
  await heading(his, "Somebody vouched for you");
  await look("confirm", his);
  await his.getByLabel("Yes, it was me").check();
  await press(his, "Continue");
  await heading(his, "Thank you, it is confirmed");
  await look("confirmed", his);
  await his.goto(`${base}/mailboxes`);
  await his.getByText("You have confirmed it.").waitFor();
  await look("limited-confirmed", his);
  await other.close();
};
