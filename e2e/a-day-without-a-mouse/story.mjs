import assert from "node:assert/strict";

const mostTabs = 70; // what a person would put up with is less; more is a trap

export default async ({ page, context, base, look, script, width, run, data }) => {
  if (!script) return; // the client is script; without it the page says what there is else
  const { aisha } = data.runs[run];
  const { keyboard } = page;
  const wide = width >= 1000;
  const press = async (...keys) => {
    for (const key of keys) await keyboard.press(key);
  };
  /** Goes on with a key until what has this role and name has the focus. */
  const reach = async (role, name, key = "Tab") => {
    const aim = page.getByRole(role, { name });
    await aim.first().waitFor();
    for (let n = 0; n < mostTabs; n++) {
      const there = await aim.evaluateAll((all) => all.some((e) => e === document.activeElement));
      if (there) return;
      await press(key);
    }
    assert.fail(`the keyboard does not reach ${role} ${name}`);
  };
  const said = (text) => page.getByRole("status").filter({ hasText: text }).first().waitFor();
  const toList = async () => {
    await page.getByRole("link", { name: "Skip to the letters" }).focus();
    await press("Enter");
    await reach("row", /./);
  };
  const back = async () => {
    if (wide) return;
    await reach("button", "Back", "Shift+Tab");
    await press("Enter");
  };

  // She logs in.
  await page.goto(`${base}/log-in?next=/mail/`);
  await reach("textbox", "Your address");
  await keyboard.type(aisha.Address);
  await press("Tab");
  await keyboard.type(aisha.Password);
  await press("Enter");
  await page.getByRole("row", { name: /Referral of Mr Birch/ }).waitFor();

  // The first key leads past everything to the letters. Arrows lead from one to the next.
  await press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the letters");
  await press("Enter");
  await reach("row", /./);
  await press("Home");
  await reach("row", /Referral of Mr Birch/, "ArrowDown");
  await look("row");
  await press("Enter");
  await page.getByRole("heading", { name: "Referral of Mr Birch" }).waitFor();

  // She takes it, and notes something for colleagues.
  await reach("button", "Take it");
  await press("Enter");
  await page.getByText(/^Yours since/).first().waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.closest(".work-bar") !== null), true, "the focus is lost");
  await reach("textbox", "Write a note");
  await keyboard.type("He comes at four.");
  await press("Control+Enter");
  await page.getByText("He comes at four.").first().waitFor();

  // She answers as the pharmacy, takes the answer back, and sends it with one word more. The focus is always where she writes.
  await reach("button", "Reply", "Shift+Tab");
  await press("Enter");
  await page.getByText(/^You write as Pharmacy/).waitFor();
  await page.waitForFunction(() => document.activeElement.getAttribute("aria-label") === "Text of the letter" || document.activeElement.getAttribute("role") === "combobox");
  await reach("textbox", "Text of the letter");
  await keyboard.type("We see to it. ");
  await page.getByText(/^Saved at/).waitFor();
  await press("Control+Enter");
  await said("You can still take it back");
  await press("Control+z");
  await page.getByRole("textbox", { name: "Text of the letter" }).waitFor();
  await reach("textbox", "Text of the letter");
  await press("Control+End");
  await press("Control+Home");
  await keyboard.type("Dear ward, ");
  await press("Control+Enter");
  await said("You can still take it back");
  await page.getByRole("textbox", { name: "Text of the letter" }).waitFor({ state: "detached" });

  // It is done. She files it, and takes that back by key.
  await reach("button", "Done", "Shift+Tab");
  await press("Enter");
  await page.getByText(/^Done by/).first().waitFor();
  await reach("button", /^Move/, "Shift+Tab");
  await press("Enter");
  await keyboard.type("arch");
  await press("Enter");
  await said("moved to Archive");
  await page.getByRole("row", { name: /Referral of Mr Birch/ }).waitFor({ state: "detached" });
  await press("Control+z");
  await page.getByRole("row", { name: /Referral of Mr Birch/, includeHidden: true }).waitFor({ state: wide ? "visible" : "attached" });
  await back();

  // She chooses two and marks them as read.
  await toList();
  await press("Home", "Space", "ArrowDown", "Space");
  await page.getByText("2 selected").first().waitFor();
  await look("chosen");
  await press("Escape");

  // Single keys are off until she turns them on.
  await reach("row", /Dosette boxes/, "ArrowUp");
  await press("e");
  assert.equal(await page.getByText("conversation archived").count(), 0, "a single key did something");
  await press("Enter");
  await page.getByRole("heading", { name: "Dosette boxes" }).waitFor();
  await reach("button", "More");
  await press("Enter");
  await reach("menuitem", /^Keyboard shortcuts/, "ArrowDown");
  await press("Enter");
  await reach("switch", "Single keys do things");
  await press("Space");
  await look("keys");
  await press("Escape", "j");
  await page.getByRole("heading", { name: "Referral of Mr Birch" }).waitFor();
  await press("k");
  await page.getByRole("heading", { name: "Dosette boxes" }).waitFor();
  await press("e");
  await said("1 conversation archived");
  await press("Control+z");
  await press("/");
  await reach("combobox", /^Search in/);
  await keyboard.type("subject:birch");
  await press("Enter");
  await page.getByRole("row", { name: /Referral of Mr Birch/ }).waitFor();
  await page.getByRole("row", { name: /Dosette boxes/ }).waitFor({ state: "detached" });
  await look("found");

  // Twice as large, in the dark; then in the colours of her system.
  for (const [name, how] of [["large", { viewport: { width: width === 320 ? 320 : 640, height: 450 }, deviceScaleFactor: 2, colorScheme: "dark" }], ["forced", { viewport: { width, height: 900 }, forcedColors: "active" }]]) {
    const seen = await context.browser().newContext({ storageState: await context.storageState(), reducedMotion: "reduce", ...how });
    const at = await seen.newPage();
    await at.goto(`${base}/mail/`);
    await at.getByRole("row", { name: /Dosette boxes/ }).waitFor();
    await look(`${name}-list`, at);
    await at.getByRole("row", { name: /Dosette boxes/ }).click();
    await at.getByRole("heading", { name: "Dosette boxes" }).waitFor();
    await look(`${name}-letter`, at);
    await at.getByRole("button", { name: "Reply", exact: true }).click();
    await at.getByRole("textbox", { name: "Text of the letter" }).waitFor();
    await look(`${name}-answer`, at);
    await seen.close();
  }
};
