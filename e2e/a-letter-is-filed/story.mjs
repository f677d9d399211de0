import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const soon = 2000; // milliseconds in which a colleague sees what one does

export default async ({ page, context, base, look, script, width, run, data }) => {
  if (!script) return; // the web client is a script
  const { aisha, ben, code } = data.runs[run];
  const elsewhere = [];
  context.on("request", (r) => new URL(r.url()).origin !== new URL(base).origin && !/^(?:blob|data):/.test(r.url()) && elsewhere.push(r.url()));

  const enter = async (at, who) => {
    await at.goto(`${base}/log-in?next=/mail/`);
    await at.getByLabel("Your address").fill(who.Address);
    await at.locator("#password").fill(who.Password);
    await at.getByRole("button", { name: "Log in" }).click();
    await at.locator(".row", { hasText: "Discharge of Mr Birch" }).click();
    await at.getByRole("heading", { name: "Discharge of Mr Birch" }).waitFor();
  };
  const second = await context.browser().newContext({ viewport: page.viewportSize(), reducedMotion: "reduce" });
  const other = await second.newPage();
  await Promise.all([enter(page, aisha), enter(other, ben)]);
  const begin = (at) => at.locator(".letter-answers").getByRole("button", { name: "File to record" }).click();
  const dialog = page.getByRole("dialog", { name: "Filing to a patient's record" });
  const number = dialog.getByLabel("NHS number");
  const go = dialog.getByRole("button", { name: /^File / });

  // A number that is none is refused with words, as it is typed and when one goes on with it.
  await begin(page);
  assert.equal(await number.evaluate((e) => e === document.activeElement), true, "the field has the focus");
  await go.click();
  await dialog.getByText("Write the patient's NHS number.").waitFor();
  await number.fill("999 123 4567");
  await dialog.getByText("This is no NHS number: its last digit does not fit the others.").waitFor();
  await look("wrong-number");
  await go.click();
  assert.equal(await number.evaluate((e) => e === document.activeElement && e.getAttribute("aria-invalid")), "true", "it leads back to the field");
  assert.equal(await page.locator(".filed").count(), 0);

  // The one in the letter is offered. What is made is chosen; the whole goes by keys.
  await number.fill("");
  await dialog.getByRole("button", { name: "Use 943 476 5919" }).click();
  await dialog.getByText("The digits fit each other.").waitFor();
  await dialog.getByLabel("Number of the record here").fill("PMR 4711");
  await dialog.getByLabel(/^The original letter/).check();
  await dialog.getByLabel(/^For record systems/).check();
  await look("file");
  const [zip] = await Promise.all([page.waitForEvent("download"), number.press("Enter")]);
  assert.match(zip.suggestedFilename(), /^letter \d{4}-\d\d-\d\d Discharge of Mr Birch\.zip$/);
  const pressed = readFileSync(await zip.path());
  assert.equal(pressed.subarray(0, 2).toString(), "PK");
  const year = new Date().getFullYear() + 8;
  await dialog.getByText(`Marked as filed. Keep until 31 December ${year}.`).waitFor();

  // A colleague sees it at once.
  const began = Date.now();
  const line = (at) => at.locator(".filed li");
  await line(other).filter({ hasText: "Filed by Aisha Rahman" }).waitFor();
  assert.ok(Date.now() - began < soon, `a colleague sees it after ${Date.now() - began} ms`);
  assert.match((await line(other).innerText()).replace(/\s+/g, " "), new RegExp(`^Filed by Aisha Rahman, \\d\\d:\\d\\d NHS number 943 476 5919 \\(PMR 4711\\) Keep until 31 December ${year}$`));
  assert.equal(await line(other).getByRole("button").count(), 0, "a colleague's filing can be taken back");

  // What was made.
  await look("filed");
  const given = async (what, end) => {
    const [file] = await Promise.all([page.waitForEvent("download"), dialog.getByRole("link", { name: what }).click()]);
    assert.ok(file.suggestedFilename().endsWith(end), file.suggestedFilename());
    return file.path();
  };
  const pdf = await given("PDF", ".pdf");
  const text = execFileSync("pdftotext", [pdf, "-"], { encoding: "utf8" });
  for (const part of [`Pharmacy ${code}`, "Discharge of Mr Birch", "Ward 12 <ward12@hospital.example>", "From outside the service", "943 476 5919", "PMR 4711", "Aisha Rahman", "Mr Tomos Birch, Tŷ Gwyn", "Warfarin", "discharge.pdf (one page behind the letter)", "levels.csv (attached within this PDF)", "fax.tif (one page behind the letter)", "stamp.gif (one page behind the letter)", "Page 1 of 4", "Bisoprolol 2.5 mg once a day"]) {
    assert.ok(text.replace(/\s+/g, " ").includes(part), `the PDF does not say ${part}: ${text}`);
  }
  assert.match(execFileSync("pdfdetach", ["-list", pdf], { encoding: "utf8" }), /1 embedded files[^]*levels\.csv/);
  const eml = readFileSync(await given("Original letter (.eml)", ".eml"));
  assert.ok(eml.toString().includes(`Message-ID: <${code}@hospital.example>`));
  const doc = JSON.parse(readFileSync(await given("FHIR DocumentReference (.json)", ".json"), "utf8"));
  assert.equal(doc.resourceType, "DocumentReference");
  assert.deepEqual(doc.subject.identifier, { system: "https://fhir.nhs.uk/Id/nhs-number", value: "9434765919" });
  assert.equal(doc.custodian.identifier.value, code);
  assert.deepEqual(doc.content.map((c) => c.attachment.contentType), ["application/pdf", "message/rfc822"]);
  for (const [i, octets] of [readFileSync(pdf), eml].entries()) {
    const { attachment } = doc.content[i];
    assert.ok(Buffer.from(attachment.data, "base64").equals(octets), "what is in the document is what was given");
    assert.equal(attachment.hash, createHash("sha1").update(octets).digest("base64"));
  }
  await dialog.getByRole("button", { name: "Close" }).last().click();
  await line(page).filter({ hasText: "Filed by Aisha Rahman" }).waitFor();
  await look("filed-letter");
  await look("filed-colleague", other);

  // Who files it once more is told before.
  await begin(other);
  const theirs = other.getByRole("dialog", { name: "Filing to a patient's record" });
  await theirs.getByText("Aisha Rahman filed this already").waitFor();
  await look("filed-before", other);
  await theirs.getByLabel("NHS number").fill("9990000018");
  const [single] = await Promise.all([other.waitForEvent("download"), theirs.getByRole("button", { name: "File it once more" }).click()]);
  assert.match(single.suggestedFilename(), /\.pdf$/);
  await theirs.getByRole("button", { name: "Close" }).last().click();
  await line(page).nth(1).filter({ hasText: "Filed by Ben Whitlock" }).waitFor();

  // The list says so, and what was filed by mistake is taken back.
  await line(other).filter({ hasText: "Ben Whitlock" }).getByRole("button", { name: "Take back" }).click();
  await other.getByRole("dialog").getByRole("button", { name: "Take back" }).click();
  await line(page).nth(1).waitFor({ state: "detached" });
  if (width < 860) await page.getByRole("button", { name: "Back to the list" }).click();
  await page.locator(".row .row-filed").waitFor();
  await look("filed-list");
  assert.deepEqual(elsewhere, [], "something went elsewhere");
  await second.close();
};
