import assert from "node:assert/strict";

export default async ({ page, base, look, script, width, run, data }) => {
  if (!script) return; // the client is a script; its page says so
  const { Aisha: aisha } = data.runs[run];
  const isWide = width >= 1000;
  const rows = page.locator(".row[data-thread]");
  const row = (subject) => rows.filter({ hasText: subject });
  const said = (what) => page.getByText(what).waitFor();

  /** Does something in the sidebar, which is a drawer where there is no room. */
  const inSidebar = async (what) => {
    if (!isWide && !(await page.getByRole("dialog", { name: "Mailboxes and folders" }).count())) await page.getByRole("button", { name: "Mailboxes and folders" }).click();
    await what(page.locator(".mailbox").filter({ hasText: "Shared mailbox" }));
  };
  const shut = async () => {
    if (!isWide) await page.keyboard.press("Escape");
  };
  const openFolder = (name) => inSidebar((box) => box.getByRole("link", { name }).click());
  const folderMenu = async (name, entry) => {
    await inSidebar(async (box) => {
      await box.getByRole("link", { name }).hover();
      await box.getByRole("button", { name: `What to do with ${name}` }).click();
    });
    await page.getByRole("menuitem", { name: entry }).click();
  };

  await page.goto(`${base}/log-in?next=/mail/`);
  await page.getByLabel("Your address").fill(aisha.Address);
  await page.locator("#password").fill(aisha.Password);
  await page.getByRole("button", { name: "Log in" }).click();
  await row("Rota for Monday").waitFor();
  await look("inbox");

  // A folder, whose first name is none.
  await inSidebar((box) => box.getByRole("button", { name: "New folder" }).click());
  await page.getByLabel("Name of the folder").fill("Notes/Discharge");
  await page.getByRole("button", { name: "Make it" }).click();
  await said("without / and control characters");
  await look("no-name");
  await page.getByLabel("Name of the folder").fill("Discharge notes");
  await page.getByRole("button", { name: "Make it" }).click();
  await said("Folder Discharge notes made");
  await folderMenu("Discharge notes", "Rename or move");
  await page.getByLabel("Name of the folder").fill("Discharges");
  await page.getByRole("button", { name: "Save" }).click();
  await said("is called Discharges now");
  await look("folders");
  await shut();

  // Two letters by the menu, back, and again.
  const moveTwo = async () => {
    await row("patient one").getByRole("checkbox").click();
    await row("patient two").getByRole("checkbox").click();
    await page.getByRole("button", { name: "Move to" }).click();
    await page.getByRole("combobox", { name: "Move to" }).waitFor();
  };
  await moveTwo();
  await look("move-to");
  await page.keyboard.type("disch");
  await page.keyboard.press("Enter");
  await said("2 conversations moved to Discharges");
  await row("patient one").waitFor({ state: "detached" });
  await page.keyboard.press("Control+z");
  await row("patient one").waitFor();
  await moveTwo();
  await page.getByRole("option", { name: /Discharges/ }).first().click();
  await row("patient two").waitFor({ state: "detached" });

  // One by key: single keys do nothing until she wants that.
  await row("Rota for Monday").focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("v");
  assert.equal(await page.getByRole("combobox", { name: "Move to" }).count(), 0, "a single key did something");
  await page.keyboard.press("?");
  await page.getByRole("switch", { name: "Single keys do things" }).click();
  await look("keys");
  await page.keyboard.press("Escape");
  await row("patient three").focus();
  await page.keyboard.press("v");
  await page.getByRole("combobox", { name: "Move to" }).fill("disch");
  await page.keyboard.press("Enter");
  await row("patient three").waitFor({ state: "detached" });

  // One by dragging, where there is a mouse and the folder is seen; on a phone by the menu of the line.
  if (isWide) {
    await row("patient four").dragTo(page.locator(".folder", { hasText: "Discharges" }));
  } else {
    await row("patient four").focus();
    await page.keyboard.press("Shift+F10");
    await look("line-menu");
    await page.getByRole("menuitem", { name: "Move to" }).click();
    await page.getByRole("combobox", { name: "Move to" }).fill("disch");
    await page.keyboard.press("Enter");
  }
  await row("patient four").waitFor({ state: "detached" });

  // She looks for one by what it says.
  const field = page.getByRole("search").getByRole("combobox");
  await openFolder("Discharges");
  await row("patient four").waitFor();
  await field.fill("is:");
  await page.getByRole("option", { name: "is:unread" }).waitFor();
  await look("operators");
  await field.fill("amoxicillin");
  await field.press("Enter");
  await said("1 conversation found");
  assert.equal(await row("patient two").locator("mark").first().textContent(), "amoxicillin");
  assert.match(await row("patient two").textContent(), /<b>three<\/b> times a day &/, "what a letter says is shown as it stands");
  await page.getByRole("button", { name: "All mailboxes" }).click();
  await row("patient two").getByText("Discharges").waitFor();
  await look("found");
  await page.getByRole("button", { name: "Discharges", exact: true }).click();
  await said("1 conversation found");
  await field.fill("metformin in:nowhere");
  await field.press("Enter");
  await said("Nothing was found");
  await said("Not understood, and looked for as a word: in:nowhere");
  await look("nothing-found");

  // One goes to her own mailbox, after a question.
  await openFolder("Inbox");
  await row("Rota for Monday").getByRole("checkbox").click();
  await page.getByRole("button", { name: "Move to" }).click();
  await page.getByRole("combobox", { name: "Move to" }).fill("inbox");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: /^Move 1 conversation to/ }).waitFor();
  await look("another-mailbox");
  await said("your colleagues can't read them any more");
  await page.getByRole("dialog").getByRole("button", { name: "Move", exact: true }).click();
  await said("1 conversation moved to Inbox of");
  await row("Rota for Monday").waitFor({ state: "detached" });

  // A folder that is deleted by mistake comes back, and Deleted is emptied.
  await folderMenu("Discharges", "Delete folder");
  await said("Its 4 letters go to Deleted.");
  await look("delete-folder");
  await page.getByRole("dialog", { name: "Delete the folder" }).getByRole("button", { name: "Delete folder" }).click();
  await said("Folder Discharges deleted");
  await page.locator(".toast", { hasText: "Folder Discharges deleted" }).getByRole("button", { name: "Undo" }).click();
  await inSidebar((box) => box.getByRole("link", { name: "Discharges" }).waitFor());
  await openFolder("Discharges");
  await row("patient four").waitFor();
  await openFolder("Inbox");
  await row("Stock query").focus();
  await page.keyboard.press("Delete");
  await said("Nothing in the Inbox. Well done.");
  await look("empty");
  await folderMenu("Deleted", "Empty Deleted");
  await said("1 letter is deleted for good");
  await page.getByRole("button", { name: "Delete for good" }).click();
  await said("Deleted is empty");
  await look("end");
};
