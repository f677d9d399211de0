import assert from "node:assert/strict";
import { createConnection } from "node:net";

const surgery = "lee@surgery.example";
const soon = 1000; // milliseconds in which a colleague sees what one does

/** Brings a letter from outside, as another server does. */
async function receive(port, to, letter) {
  const socket = createConnection(Number(port), "127.0.0.1");
  const replies = (async function* () {
    let text = "";
    for await (const piece of socket) {
      text += piece;
      for (let end; (end = text.search(/^\d{3} .*\r\n/m)) >= 0; ) {
        const stop = text.indexOf("\r\n", end) + 2;
        yield text.slice(0, stop);
        text = text.slice(stop);
      }
    }
  })();
  const says = [null, "EHLO surgery.example", `MAIL FROM:<${surgery}>`, `RCPT TO:<${to}>`, "DATA", `${letter.replaceAll("\n", "\r\n")}\r\n.`, "QUIT"];
  for (const line of says) {
    if (line) socket.write(`${line}\r\n`);
    const { value } = await replies.next();
    assert.match(value, /^[23]/m, `${line}: ${value}`);
  }
  socket.end();
}

export default async ({ page, context, base, look, script, width, run, data }) => {
  if (!script) return; // the web client is a script
  const { aisha, ben, box, code } = data.runs[run];
  const letter = (id, subject, more = "") =>
    receive(data.smtp, box, `From: Dr Lee <${surgery}>\nTo: <${box}>\nSubject: ${subject}\nMessage-ID: <${id}-${code}@surgery.example>\n${more}Date: ${new Date().toUTCString()}\n\nDo you have the liquid form in stock?\n`);
  await letter("ask", "Question about a repeat");

  const enter = async (at, who) => {
    await at.goto(`${base}/log-in?next=/mail/`);
    await at.getByLabel("Your address").fill(who.Address);
    await at.locator("#password").fill(who.Password);
    await at.getByRole("button", { name: "Log in" }).click();
    await at.locator(".row", { hasText: "Question about a repeat" }).waitFor();
    await at.locator(".row", { hasText: "Recall of batch 7" }).waitFor();
  };
  const second = await context.browser().newContext({ viewport: page.viewportSize(), reducedMotion: "reduce" });
  const other = await second.newPage();
  await Promise.all([enter(page, aisha), enter(other, ben)]);

  const open = (at) => at.locator(".row", { hasText: "Question about a repeat" }).click();
  const back = async (at) => {
    if (width < 860) await at.getByRole("button", { name: "Back to the list" }).click();
  };
  const counts = async (at, want) => {
    const shown = async () => (await at.locator(".views .view:has(.count)").allInnerTexts()).map((s) => s.replace(/\s+/g, " "));
    for (let tries = 0; tries < 200 && (await shown()).join(", ") !== want; tries++) await at.waitForTimeout(50);
    assert.equal((await shown()).join(", "), want);
  };
  /** Does something and waits until both see what comes of it; the second one soon. */
  const both = async (doing, seen) => {
    await doing();
    const began = Date.now();
    await seen();
    assert.ok(Date.now() - began < soon, `a colleague sees it after ${Date.now() - began} ms`);
  };

  // Each sees that the other one looks.
  await counts(page, "All 2, New 2, Mine 0, Others' 0, Done 0");
  await open(page);
  await page.getByText("New. Nobody handles this yet.").waitFor();
  await open(other);
  await page.getByText("Ben Whitlock is looking at this now").waitFor();
  await other.getByText("Aisha Rahman is looking at this now").waitFor();
  await look("new");

  // Both take it in the same moment; one has it.
  const press = (at) => at.evaluate(() => document.querySelector(".work-buttons button").click());
  await Promise.all([press(page), press(other)]);
  const refusal = (at) => at.locator(".toast.failed");
  await Promise.race([refusal(page).waitFor(), refusal(other).waitFor()]);
  const aishaLost = (await refusal(page).count()) > 0;
  const [has, wants] = aishaLost ? [other, page] : [page, other];
  const [holder, taker] = aishaLost ? [ben.Name, aisha.Name] : [aisha.Name, ben.Name];
  await has.getByText("Yours since").waitFor();
  await wants.getByText(new RegExp(`^Handled by ${holder} since \\d\\d:\\d\\d`)).waitFor();
  assert.match(await refusal(wants).innerText(), new RegExp(`${holder} has had this since \\d\\d:\\d\\d. Talk to each other, or take it over.`));
  await look("claimed-by-other", wants);
  assert.equal(await refusal(has).count(), 0);

  // It is taken over knowingly, and the other one sees it.
  await both(
    () => refusal(wants).getByRole("button", { name: "Take over" }).click(),
    () => has.getByText(new RegExp(`^Handled by ${taker} since`)).waitFor(),
  );
  await wants.getByText("Yours since").waitFor();

  // It is handed back, with a note.
  await wants.getByRole("button", { name: "Hand over" }).click();
  const dialog = wants.getByRole("dialog", { name: "Hand this over" });
  await dialog.getByRole("button", { name: "Hand over" }).click();
  await dialog.getByText("Choose who takes it.").waitFor();
  await dialog.getByRole("radio", { name: holder }).check();
  await dialog.getByLabel("Note for colleagues").fill("They ring back at 3.\n<b>Not before.</b>");
  await look("hand-over", wants);
  await both(
    () => dialog.getByRole("button", { name: "Hand over" }).click(),
    () => has.getByText("Yours since").waitFor(),
  );
  const note = has.getByRole("article", { name: `Note by ${taker}` });
  await note.getByText("<b>Not before.</b>").waitFor();
  assert.equal(await note.getByRole("button").count(), 0, "a colleague's note can be changed");

  // An answer in a note of one's own, which is changed and taken away.
  await has.getByLabel("Write a note").fill("I do.");
  await has.getByRole("button", { name: "Add the note" }).click();
  const own = has.getByRole("article", { name: "Note by You" });
  await own.getByRole("button", { name: "Edit" }).click();
  await own.getByLabel("Edit").fill("I do, at 3.");
  await own.getByRole("button", { name: "Save" }).click();
  await wants.locator(".note-text", { hasText: "I do, at 3." }).waitFor();
  await look("notes", has);
  await own.getByRole("button", { name: "Remove" }).click();
  await wants.locator(".note-text", { hasText: "I do, at 3." }).waitFor({ state: "detached" });

  // It is done, in both browsers.
  await both(
    () => has.locator(".work-buttons").getByRole("button", { name: "Done" }).click(),
    () => wants.getByText(new RegExp(`^Done by ${holder},`)).waitFor(),
  );
  await back(has);
  await back(wants);
  for (const at of [has, wants]) await counts(at, "All 2, New 1, Mine 0, Others' 0, Done 1");
  await wants.getByRole("link", { name: /^New/ }).click();
  assert.match(await wants.locator(".row", { hasText: "Recall" }).innerText(), /due in [45] h/);
  await wants.locator(".row", { hasText: "Question" }).waitFor({ state: "detached" });
  assert.equal(await wants.locator(".row").count(), 1);
  await look("views", wants);
  await wants.getByRole("link", { name: "Due", exact: true }).click();
  await wants.locator(".row", { hasText: "Question" }).waitFor();
  assert.match(await wants.locator(".row").first().innerText(), /Recall/, "what is due first does not stand first");
  await look("due-first", wants);
  await wants.getByRole("link", { name: /^New/ }).click();
  assert.match(await has.locator(".row", { hasText: "Question" }).innerText(), /Done/);

  // Another letter of the surgery's makes it new, and it comes back to the view by itself.
  await letter("again", "Re: Question about a repeat", `In-Reply-To: <ask-${code}@surgery.example>\nReferences: <ask-${code}@surgery.example>\n`);
  await wants.locator(".row", { hasText: "Question" }).waitFor();
  assert.match(await wants.locator(".row").first().innerText(), /Recall/, "what is due stands before what came later");
  for (const at of [has, wants]) await counts(at, "All 2, New 2, Mine 0, Others' 0, Done 0");
  assert.doesNotMatch(await has.locator(".row", { hasText: "Question" }).innerText(), /Done/);

  // What is due says until when, and is done in time.
  await wants.locator(".row", { hasText: "Recall" }).click();
  await wants.getByText(/^Alert: due in [45] h, by /).waitFor();
  await look("due", wants);
  await back(wants);

  // Several are taken at once, by key, and taken back.
  for (const what of ["Question", "Recall"]) await wants.locator(".row", { hasText: what }).waitFor();
  await wants.getByRole("checkbox").first().check();
  await wants.getByRole("checkbox").nth(1).check();
  await wants.locator(".list-pane").getByRole("button", { name: "Take it" }).click();
  for (const [at, want] of [[wants, "All 2, New 0, Mine 2, Others' 0, Done 0"], [has, "All 2, New 0, Mine 0, Others' 2, Done 0"]]) await counts(at, want);
  await wants.getByText("Nothing new. Everything here is somebody's, or done.").waitFor();
  await look("nothing-new", wants);
  await wants.keyboard.press("Control+z");
  await counts(has, "All 2, New 2, Mine 0, Others' 0, Done 0");
  await second.close();
};
