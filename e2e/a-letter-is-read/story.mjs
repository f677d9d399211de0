import assert from "node:assert/strict";

export default async ({ page, context, base, look, script, width, run, data }) => {
  if (!script) return; // the client is script
  const { aisha } = data.runs[run];
  const asked = [];
  await context.route((url) => url.origin !== new URL(base).origin, (route) => {
    asked.push(route.request().url());
    return route.fulfill({ status: 200, contentType: "image/png", body: "" });
  });
  page.on("request", (r) => /\/hit|log-out/.test(r.url()) && asked.push(r.url()));
  page.on("dialog", () => asked.push("a dialog"));
  page.on("popup", () => asked.push("a window"));
  await page.goto(`${base}/log-in?next=/mail/`);
  await page.getByLabel("Your address").fill(aisha.Address);
  await page.locator("#password").fill(aisha.Password);
  await page.getByRole("button", { name: "Log in" }).click();
  const inbox = async () => {
    if (width < 860) await page.getByRole("button", { name: "Mailboxes and folders" }).click();
    await page.getByRole("navigation", { name: "Mailboxes" }).getByRole("link", { name: /^Inbox/ }).first().click();
  };
  const open = async (subject) => {
    await page.getByRole("row").filter({ hasText: subject }).click();
    await page.getByRole("heading", { name: subject }).waitFor();
  };
  const back = () => page.keyboard.press("Escape");
  const frame = page.frameLocator(".letter-frame").first();
  await page.getByRole("heading", { name: /^Inbox/ }).waitFor();
  await inbox();

  // A letter that tries everything.
  await open("It tries everything");
  await frame.getByText("The last line of the letter.").waitFor();
  await page.getByText(/^From outside the service/).waitFor();
  await page.waitForTimeout(500);
  assert.deepEqual(asked, [], "the letter did something");
  assert.equal(await page.evaluate(() => window.hit), undefined, "the letter ran");
  const body = frame.locator("body");
  const found = await body.evaluate((b) => ({
    wrong: [...b.querySelectorAll("script, iframe, form, input, svg, object, embed, video, audio, dialog, template, link, meta, base, [onload], [onerror], [popover], [name]")].map((e) => e.outerHTML),
    positions: [...b.querySelectorAll("*")].map((e) => getComputedStyle(e).position).filter((p) => p !== "static"),
    links: [...b.querySelectorAll("a[href]")].map((a) => a.getAttribute("href")),
    wide: b.scrollWidth > b.clientWidth, height: b.offsetHeight,
  }));
  assert.deepEqual(found.wrong, []);
  assert.deepEqual(found.positions, [], "something lies over the letter");
  assert.deepEqual(found.links, ["https://outside.example/form", "mailto:ward12@outside.example?subject=Answer&bcc=hit@outside.example"]);
  assert.ok(found.wide, "the wide table scrolls within");
  assert.ok(Math.abs((await page.locator(".letter-frame").evaluate((f) => f.offsetHeight)) - found.height) <= 1, "the frame is as tall as what it shows");
  await frame.getByText("leads to outside.example").waitFor();
  await look("hostile");

  // Keys that are pressed in the letter are the page's; Escape leads out of it.
  const enter = () => page.locator(".letter-frame").focus(); // as a click does; the driver's own would run script in there
  await enter();
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "IFRAME");
  await page.keyboard.press("Escape");
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "DIV");
  await enter();
  await back(); // out of the letter
  await back();
  await page.getByRole("heading", { name: "It tries everything" }).waitFor({ state: "hidden" });

  // Pictures from elsewhere.
  await open("Pictures from elsewhere");
  await frame.getByText("Our new shop").waitFor();
  assert.deepEqual(asked, []);
  await page.getByRole("button", { name: "Show pictures" }).click();
  await frame.locator("img[src]").waitFor();
  await page.waitForTimeout(300);
  assert.deepEqual(asked.splice(0), ["https://pictures.outside.example/shop.png"]);
  await look("pictures");
  await back();

  // Files.
  await open("Three files");
  await page.getByRole("button", { name: "Don't send" }).waitFor();
  await look("files");
  await page.getByRole("button", { name: "Don't send" }).click();
  await page.getByRole("button", { name: "Don't send" }).waitFor({ state: "hidden" });
  await page.getByRole("button", { name: /^discharge\.pdf/ }).focus();
  await page.keyboard.press("Enter");
  const viewer = page.getByRole("dialog");
  await viewer.locator(".textLayer").first().getByText("Discharge summary, page 1").waitFor();
  await look("pdf");
  await page.keyboard.press("Escape");
  await viewer.waitFor({ state: "hidden" });
  assert.match(await page.evaluate(() => document.activeElement.textContent), /^discharge\.pdf/, "the focus is not back");
  await page.keyboard.press("Enter");
  await viewer.waitFor();
  await page.keyboard.press("ArrowRight");
  await viewer.frameLocator("iframe").getByText("Take one tablet each morning.").waitFor();
  await look("word");
  await page.keyboard.press("ArrowRight");
  await viewer.getByRole("img", { name: "wound.png" }).waitFor();
  await viewer.getByRole("button", { name: "Turn" }).click();
  await look("picture");
  await page.keyboard.press("Escape");
  const [zip] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download all" }).click()]);
  assert.equal(zip.suggestedFilename(), "Three files.zip");
  await page.getByRole("button", { name: "Details" }).click();
  await page.getByRole("button", { name: "All headers" }).click();
  await page.getByText("Disposition-Notification-To:").waitFor();
  await look("details");
  await page.reload();
  await page.getByRole("heading", { name: "Three files" }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Send receipt" }).count(), 0, "it asks again");
  await back();

  // From inside.
  await open("From inside");
  await page.locator(".plain").getByText("Hello.").waitFor();
  assert.equal(await page.getByText("From outside the service").count(), 0);
  assert.equal(await page.getByText("something long").isVisible(), false, "what is quoted is open");
  await page.getByText("Show what is quoted").click();
  await page.getByText("something long").waitFor();
  await look("inside");
  assert.deepEqual(asked, []);
};
