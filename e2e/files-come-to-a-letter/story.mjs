import assert from "node:assert/strict";

const picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

export default async ({ page, context, base, look, script, width, run, data }) => {
  if (!script) return; // the client is script; without it the page says what there is else
  const { aisha } = data.runs[run];
  const text = (at) => at.getByRole("textbox", { name: "Text of the letter" });
  const has = (name) => page.getByRole("button", { name: `Take out ${name}` }).waitFor();
  const choose = (name, octets) => page.locator("input[type=file]").setInputFiles({ name, mimeType: "application/pdf", buffer: Buffer.alloc(octets, 7) });
  /** Drops or pastes a file, as the browser would. */
  const give = (event, name, type, content) =>
    text(page).evaluate(
      (at, [event, name, type, content]) => {
        const carried = new DataTransfer();
        carried.items.add(new File([Uint8Array.from(atob(content), (c) => c.charCodeAt(0))], name, { type }));
        const about = { bubbles: true, cancelable: true };
        if (event === "paste") at.dispatchEvent(new ClipboardEvent("paste", { ...about, clipboardData: carried }));
        else for (const step of ["dragenter", "dragover", ...(event === "drop" ? ["drop"] : [])]) at.dispatchEvent(new DragEvent(step, { ...about, dataTransfer: carried }));
      },
      [event, name, type, content],
    );

  await page.goto(`${base}/log-in?next=/mail/`);
  await page.getByLabel("Your address").fill(aisha.Address);
  await page.locator("#password").fill(aisha.Password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("row", { name: /Scans of Mr Birch/ }).click();
  await page.getByRole("button", { name: "Reply", exact: true }).click();
  await text(page).fill("Here they are.");

  // By drag, and by paste.
  await give("over", "Übersicht.txt", "text/plain", btoa("one"));
  await page.getByText("Drop the files here to attach them").waitFor();
  await look("over");
  await give("drop", "Übersicht.txt", "text/plain", btoa("one"));
  await has("Übersicht.txt");
  await give("paste", "scan.png", "image/png", picture);
  await has("scan.png");
  await page.getByText("Drop the files here to attach them").waitFor({ state: "detached" });

  // One that no letter holds is refused before it travels.
  await choose("Whole record.pdf", 34_000_000);
  await page.getByText(/^Whole record\.pdf has 34 MB\. A letter holds about \d+ MB of files/).waitFor();
  assert.equal(await page.getByRole("button", { name: /Whole record/ }).count(), 0);

  // On a slow line one sees how far it is, and stops it.
  const line = await context.newCDPSession(page);
  const slow = (uploadThroughput) => line.send("Network.emulateNetworkConditions", { offline: false, latency: 20, downloadThroughput: -1, uploadThroughput });
  await line.send("Network.enable");
  await slow(150_000);
  await choose("Large scan.pdf", 3_000_000);
  const progress = page.getByRole("progressbar", { name: "Large scan.pdf is on its way" });
  await page.waitForFunction(() => document.querySelector(".file progress")?.value > 0);
  await look("on-its-way");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.getByText("Files are still on their way. Wait for them, or take them out.").waitFor();
  await page.getByRole("button", { name: "Stop sending Large scan.pdf" }).click();
  await progress.waitFor({ state: "detached" });

  // The line is good again: it arrives, and the draft has all three.
  await slow(-1);
  await choose("Large scan.pdf", 3_000_000);
  await has("Large scan.pdf");
  await page.getByText(/^Saved at/).waitFor({ timeout: 60_000 }); // a draft with large files is saved less often

  // A second window opens the same draft. Both say so; what each writes is there afterwards.
  const second = await context.newPage();
  await second.goto(page.url());
  if (width < 1000) await second.getByRole("button", { name: "Mailboxes and folders" }).click();
  await second.getByRole("link", { name: /^Drafts/ }).last().click();
  await second.getByRole("row", { name: /Scans of Mr Birch/ }).click();
  await text(second).waitFor();
  await second.getByText(/^This draft is open in another window/).waitFor();
  await page.getByText(/^This draft is open in another window/).waitFor();
  await look("twice", second);
  await text(second).fill("Here they are. From the second window.");
  await second.getByText(/^Saved at/).waitFor({ timeout: 60_000 });
  await text(page).fill("Here they are. From the first window.");
  await page.getByText(/^Somebody deleted, moved or sent this draft elsewhere/).waitFor();
  await page.getByText(/^Saved at/).waitFor({ timeout: 60_000 }); // a draft with large files is saved less often
  const kept = await page.evaluate(async () => {
    const session = await (await fetch("/.well-known/jmap")).json();
    const [accountId] = Object.entries(session.accounts).find(([, a]) => !a.isPersonal);
    const call = async (name, args) =>
      (await (await fetch(session.apiUrl, { method: "POST", headers: { "Content-Type": "application/json", "Haven-Person": session.havenPerson }, body: JSON.stringify({ using: Object.keys(session.capabilities), methodCalls: [[name, { accountId, ...args }, "0"]] }) })).json()).methodResponses[0][1];
    const { ids } = await call("Email/query", { filter: { hasKeyword: "$draft" } });
    const { list } = await call("Email/get", { ids, properties: ["preview", "attachments"] });
    return list.map((e) => [e.preview, e.attachments.length]);
  });
  assert.deepEqual(kept.map(([, files]) => files), [3, 3], JSON.stringify(kept));
  assert.ok(["first", "second"].every((which) => kept.some(([says]) => says.includes(`From the ${which} window`))), JSON.stringify(kept));
};
