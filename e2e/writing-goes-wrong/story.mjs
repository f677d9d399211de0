import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";

const hour = 3_600_000; // milliseconds

export default async ({ page, context, base, look, script, width, run, data }) => {
  if (!script) return; // the client is script; without it the page says what there is else
  const { aisha, ben } = data.runs[run];
  const logIn = async (at, who) => {
    await at.goto(`${base}/log-in?next=/mail/`);
    await at.getByLabel("Your address").fill(who.Address);
    await at.locator("#password").fill(who.Password);
    await at.getByRole("button", { name: "Log in" }).click();
    await at.getByRole("grid").waitFor();
  };
  const folder = async (at, name, own) => {
    if (width < 1000) await at.getByRole("button", { name: "Mailboxes and folders" }).click();
    const all = at.getByRole("link", { name });
    await all.nth(1).waitFor();
    await (own ? all.first() : all.last()).click();
  };
  const write = (at) => at.getByRole("button", { name: "Write", exact: true }).click();
  const text = (at) => at.getByRole("textbox", { name: "Text of the letter" });
  const paste = (at, what) =>
    at.evaluate((what) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData("text/plain", what);
      document.activeElement.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    }, what);

  // Her computer is an hour late. What the service says of times is right all the same.
  await page.addInitScript((late) => {
    const right = Date.now.bind(Date);
    const Right = Date;
    globalThis.Date = class extends Right {
      constructor(...given) {
        if (given.length) super(...given);
        else super(right() - late);
      }
      static now = () => right() - late;
    };
  }, hour);
  await logIn(page, aisha);

  // Five thousand addresses are too many.
  await page.getByRole("row", { name: /Dosette boxes/ }).waitFor();
  await write(page);
  await text(page).fill("To everybody");
  await page.getByLabel("Subject").fill("Closed on Monday");
  await page.getByRole("combobox", { name: "To", exact: true }).focus();
  await paste(page, Array.from({ length: 5_000 }, (_, i) => `Person ${i} <p${i}@hospital.example>`).join(", "));
  await page.getByText("5,000 recipients").first().waitFor({ state: "attached" });
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.getByText("A letter has at most 500 recipients, and this one has 5,000.").waitFor();
  await look("too-many");
  await page.getByRole("button", { name: "Take out all" }).click();
  await page.getByRole("combobox", { name: "To", exact: true }).fill(ben.Address);
  await page.getByRole("combobox", { name: "To", exact: true }).press("Enter");

  // A file that is larger than a letter may be does not begin to travel.
  await page.locator("input[type=file]").setInputFiles({ name: "Röntgen.tiff", mimeType: "image/tiff", buffer: Buffer.alloc(300_000, 7) });
  await page.getByText(/^Röntgen.tiff has/).waitFor();
  await look("too-large");
  await page.getByText(/^Saved at/).waitFor();
  await page.getByRole("button", { name: "Close" }).click();

  // Her own mailbox is full. What she writes stays on the page, and is saved when there is room.
  await folder(page, /^Inbox/, true);
  await page.getByRole("row", { name: /Scan two/ }).waitFor();
  await write(page);
  await page.getByLabel("Subject").fill("Rota");
  await text(page).fill("x".repeat(120_000));
  await page.getByText(/^Not saved: the mailbox is full/).first().waitFor();
  await look("full");
  await context.newPage().then(async (other) => {
    await other.goto(`${base}/mail/`);
    await folder(other, /^Inbox/, true);
    await other.getByRole("row", { name: /Scan one/ }).getByRole("checkbox").check();
    await other.getByRole("button", { name: "Delete", exact: true }).first().click();
    await folder(other, /^Deleted/, true);
    await other.getByRole("row", { name: /Scan one/ }).getByRole("checkbox").check();
    await other.getByRole("button", { name: /^Delete/ }).first().click();
    await other.getByRole("button", { name: /^Delete/ }).last().click();
    await other.getByRole("row", { name: /Scan one/ }).waitFor({ state: "detached" });
    await other.close();
  });
  await page.getByText(/^Saved at/).waitFor({ timeout: 45_000 }); // it is tried again every half minute at the latest
  await page.getByRole("button", { name: "Close" }).click();

  // Ben deletes what she reads.
  const other = await (await context.browser().newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: "reduce" })).newPage();
  other.setDefaultTimeout(20_000);
  await logIn(other, ben);
  await folder(page, /^Inbox/, false);
  await page.getByRole("row", { name: /Dosette boxes/ }).click();
  await page.locator(".letter").getByText("Which days?").waitFor();
  await other.getByRole("row", { name: /Dosette boxes/ }).click();
  await other.getByRole("button", { name: "Delete", exact: true }).first().click();
  await page.getByText("Not in Inbox any more. Somebody moved this conversation to Deleted.").waitFor();
  await look("deleted");
  await page.getByRole("button", { name: "Move back to Inbox" }).click();
  await page.getByText("Not in Inbox any more.").waitFor({ state: "detached" });
  await other.getByRole("row", { name: /Dosette boxes/ }).waitFor();

  // His access ends while he answers. The page says so, and the draft stays with the mailbox.
  await other.getByRole("row", { name: /Holiday hours/ }).click();
  await other.getByRole("button", { name: "Reply", exact: true }).click();
  await other.getByRole("textbox", { name: "Text of the letter" }).fill("From nine to five.");
  await other.getByText(/^Saved at/).waitFor();
  writeFileSync(`${data.signs}/end-${run}`, "");
  await other.getByText(/^You may not open Pharmacy/).first().waitFor({ timeout: 45_000 });
  await other.getByText(/^You may not open this mailbox any more\. What was saved/).waitFor();
  await other.getByRole("row", { name: /Holiday hours/ }).waitFor({ state: "detached" });
  await look("ended", other);
  assert.equal(await other.getByText("When are you open?").count(), 0, "he reads on in a mailbox that is shut to him");
  await folder(page, /^Drafts/, false);
  await page.getByRole("row", { name: /Holiday hours/ }).click();
  await text(page).waitFor();
  assert.match(await text(page).inputValue(), /^From nine to five\./);
  await other.context().close();
};
