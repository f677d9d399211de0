// Measures the client in a real browser, with the processor slowed four times, and prints a table.
//   BASE=http://localhost:8080 USERN=somebody@haven.test PASSWORD=… [SLOWED=4] [DAY=rounds of a day] node web/test/speed.mjs
// The mailbox that it looks at is the one with the most letters in its Inbox. It needs e2e/browser's packages and Debian's chromium.
import { createRequire } from "node:module";

const { chromium } = createRequire(new URL("../../e2e/browser/run.mjs", import.meta.url))("playwright-core");
const base = process.env.BASE ?? "http://localhost:8080";
const slowed = Number(process.env.SLOWED ?? 4);
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--enable-precise-memory-info"] });
const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: "reduce" });
const lines = [];
const note = (what, measured, bound) => lines.push({ what, measured, bound });

const logIn = await context.newPage();
await logIn.goto(`${base}/log-in?next=/mail/`);
await logIn.getByLabel("Your address").fill(process.env.USERN ?? "aisha.rahman@haven.test");
await logIn.locator("#password").fill(process.env.PASSWORD ?? "quiet-harbour-27");
await logIn.getByRole("button", { name: "Log in" }).click();
await logIn.locator(".row[data-thread]").first().waitFor();
await logIn.waitForTimeout(500);
const inboxes = await logIn.locator(".folder", { hasText: "Inbox" }).evaluateAll((all) => all.map((a) => [a.href, Number(a.querySelector(".count span")?.textContent ?? 0)]));
const inbox = inboxes.sort((a, b) => b[1] - a[1])[0][0];
await logIn.close();

const open = async () => {
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send("Network.clearBrowserCache");
  await cdp.send("Emulation.setCPUThrottlingRate", { rate: slowed });
  await page.addInitScript(() => {
    new MutationObserver((_, me) => {
      if (!document.querySelector(".row[data-thread]")) return;
      me.disconnect();
      requestAnimationFrame(() => (window.listVisible ??= performance.now()));
    }).observe(document, { childList: true, subtree: true });
  });
  await page.goto(inbox);
  await page.waitForFunction(() => window.listVisible);
  return { page, cdp, took: await page.evaluate(() => window.listVisible) };
};

const loads = [];
for (let i = 0; i < 3; i++) {
  const { page, took } = await open();
  loads.push(took);
  await page.close();
}
note("list visible, browser without cache", `${Math.round(Math.min(...loads))} to ${Math.round(Math.max(...loads))} ms`, "1000 ms");

const { page, cdp } = await open();
await page.waitForTimeout(1500);
if (process.env.TIMES) {
  const times = await page.evaluate(() => [...performance.getEntriesByType("resource")].map((r) => [new URL(r.name).pathname.slice(0, 40), Math.round(r.startTime), Math.round(r.responseEnd)]));
  console.log(times.map((x) => x.join(" ")).join("\n"));
}
note("conversations in the list", await page.locator("[role=grid]").getAttribute("aria-rowcount"), "");

/** Scrolls as told, and says how long lines that are on the screen were blank. */
const scroll = (how) =>
  page.evaluate(async ([speed, seconds, jumps]) => {
    const list = document.querySelector(".list");
    const frames = [];
    const blank = new Map();
    const longest = [];
    const began = performance.now();
    let last = began;
    const far = list.scrollHeight - list.clientHeight;
    while (performance.now() - began < seconds * 1000) {
      await new Promise(requestAnimationFrame);
      const now = performance.now();
      frames.push(now - last);
      if (jumps && Math.floor((now - began) / 1000) !== Math.floor((last - began) / 1000)) list.scrollTop = Math.random() * far;
      else list.scrollTop += (speed * (now - last)) / 1000;
      last = now;
      await new Promise((r) => setTimeout(r)); // what was painted
      const box = list.getBoundingClientRect();
      const seen = new Set();
      let end = box.top;
      for (const row of [...list.querySelectorAll("[data-index]")].sort((a, b) => a.dataset.index - b.dataset.index)) {
        const r = row.getBoundingClientRect();
        if (r.bottom <= box.top || r.top >= box.bottom) continue;
        if (r.top > end + 2) seen.add("gap");
        end = Math.max(end, r.bottom);
        if (!row.dataset.thread) seen.add(row.dataset.index);
      }
      if (end < box.bottom - 2) seen.add("gap");
      for (const i of seen) blank.has(i) || blank.set(i, now);
      for (const [i, since] of blank) if (!seen.has(i)) (longest.push(now - since), blank.delete(i));
    }
    for (const since of blank.values()) longest.push(performance.now() - since);
    frames.sort((a, b) => a - b);
    return { blank: Math.max(0, ...longest), blanks: longest.length, p95: frames[Math.floor(frames.length * 0.95)], worst: frames.at(-1) };
  }, how);

for (const [what, how] of [["by wheel, 2,000 px/s", [2000, 5, false]], ["fast, 8,000 px/s", [8000, 5, false]], ["backwards, 8,000 px/s", [-8000, 3, false]], ["jumping about by the scroll bar", [0, 6, true]]]) {
  const s = await scroll(how);
  note(`scrolling ${what}: longest blank line`, `${Math.round(s.blank)} ms (${s.blanks} lines)`, "100 ms");
  note(`scrolling ${what}: frames`, `95 % below ${Math.round(s.p95)} ms, worst ${Math.round(s.worst)} ms`, "");
}

await page.evaluate(() => (document.querySelector(".list").scrollTop = 0));
await page.waitForTimeout(1000);
const opened = (index) =>
  page.evaluate(async (index) => {
    const row = document.querySelector(`[data-index="${index}"]`);
    const subject = row.querySelector(".row-subject").textContent;
    const began = performance.now();
    row.click();
    while (!document.querySelector(".conversation-subject")?.textContent.startsWith(subject.slice(0, 20))) await new Promise(requestAnimationFrame);
    return performance.now() - began;
  }, index);
const first = await opened(5);
await page.waitForTimeout(800);
const neighbours = [];
for (let i = 6; i < 10; i++) {
  neighbours.push(await opened(i));
  await page.waitForTimeout(600);
}
note("a letter opens, not fetched yet", `${Math.round(first)} ms`, "300 ms");
note("the next one opens", `${neighbours.map(Math.round).join(", ")} ms`, "100 ms");
/** Types into a letter, and says how long the browser took from each key to the next picture. */
const typed = async (format) => {
  await page.getByRole("button", { name: "Write", exact: true }).click();
  const text = page.getByRole("textbox", { name: "Text of the letter" });
  await text.waitFor();
  if (format === "rich") {
    await page.getByRole("button", { name: "Format the text" }).click();
    await page.locator("[contenteditable=true]").waitFor();
  }
  await text.click();
  await page.keyboard.insertText("A line that was there before, of a letter with much in it. ".repeat(200));
  await page.waitForTimeout(2_500); // it is saved
  await page.evaluate(() => {
    window.keys = [];
    window.keyTimes = new PerformanceObserver((l) => l.getEntriesByType("event").forEach((e) => e.name === "keydown" && window.keys.push(e.duration)));
    window.keyTimes.observe({ type: "event", durationThreshold: 16, buffered: false });
  });
  for (const key of "The capsules are in stock again. Please send the prescription by post or by hand, whichever is quicker for the ward.") await page.keyboard.press(key === " " ? "Space" : key, { delay: 40 });
  await page.waitForTimeout(500);
  const keys = await page.evaluate(() => (window.keyTimes.disconnect(), window.keys));
  await page.getByRole("button", { name: "Discard", exact: true }).click();
  await text.waitFor({ state: "detached" });
  return Math.max(16, ...keys);
};
note("typing plain text: longest from a key to the picture", `${Math.round(await typed("plain"))} ms`, "50 ms");
note("typing formatted text: longest from a key to the picture", `${Math.round(await typed("rich"))} ms`, "50 ms");

const memory = async () => {
  await cdp.send("HeapProfiler.collectGarbage");
  return `${Math.round((await page.evaluate(() => performance.memory.usedJSHeapSize)) / 1e6)} MB`;
};
note("memory of script", await memory(), "150 MB");
if (process.env.DAY) {
  // An hour of a busy day: letters are opened, searched for, written and thrown away.
  await cdp.send("Emulation.setCPUThrottlingRate", { rate: 1 });
  for (let round = 0; round < Number(process.env.DAY); round++) {
    await page.locator(`a.folder[href="${new URL(inbox).pathname}"]`).click();
    await page.locator(".row[data-thread]").first().waitFor();
    for (let i = 0; i < 12; i++) {
      await page.evaluate(() => (document.querySelector(".list").scrollTop += 300));
      await page.locator(".row[data-thread]").nth(4).click();
      await page.locator(".conversation-subject").waitFor();
    }
    await page.getByRole("combobox", { name: /^Search in/ }).fill(`subject:${["referral", "stock", "alert", "boxes"][round % 4]}`);
    await page.keyboard.press("Enter");
    await page.locator(".row[data-thread]").first().waitFor();
    await page.getByRole("button", { name: "Write", exact: true }).click();
    await page.getByRole("textbox", { name: "Text of the letter" }).fill("Not this one.");
    await page.getByRole("button", { name: "Discard", exact: true }).click();
  }
  note(`memory of script after ${process.env.DAY} rounds of a day`, await memory(), "150 MB");
}

await browser.close();
const wide = Math.max(...lines.map((l) => l.what.length));
console.log(`processor slowed ${slowed} times`);
for (const l of lines) console.log(`${l.what.padEnd(wide)}  ${l.measured}${l.bound ? `   (bound ${l.bound})` : ""}`);
