// Plays a story in a real browser: on a screen, on a phone, and without script. Each page that the story looks at is held against WCAG 2.2 AA
// by axe, which needs script itself, and kept as a picture.
//   node run.mjs STORY.mjs < {"base": URL, "shots": FOLDER, …}
// The story's default export is called with {page, base, look, script, width, data}. It throws where something isn't as told. A story with pages of
// other people names the page that it looks at. A story in which something breaks on purpose says in data.quiet what the browser may say of that.
import { mkdirSync, readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { AxeBuilder } from "@axe-core/playwright";

const data = JSON.parse(readFileSync(0, "utf8"));
const { default: story } = await import(pathToFileURL(process.argv[2]));
const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
mkdirSync(data.shots, { recursive: true });

const patience = 60_000; // milliseconds in which a browser does something; one that stopped answering would keep the story for ever. How long all may take is the story's
let failed = false;

// picture keeps a page as it looks. A browser that is short of memory takes none at times, and does when it is asked again.
const picture = async (at, path) => {
  for (let left = 4; ; left--) {
    try {
      return await at.screenshot({ path, fullPage: true });
    } catch (error) {
      if (!/Unable to capture screenshot/.test(error.message) || left === 0) throw error;
      await at.bringToFront();
      await at.evaluate(() => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted))));
    }
  }
};

// watch fails what it bounds when nobody called alive for some time.
const watch = () => {
  let timer, over;
  const silence = new Promise((_, fail) => (over = fail));
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => over(new Error(`nothing for ${patience / 1000} s`)), patience);
  };
  const bounded = (promise) => {
    alive();
    return Promise.race([promise, silence]).finally(() => clearTimeout(timer));
  };
  return { alive, bounded };
};

for (const [run, script, width] of [[0, true, 1280], [1, true, 320], [2, false, 1280]]) {
  const browser = await chromium.launch({ executablePath: data.chromium, args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"] }); // one for each run: what one did to it is not the next one's
  const context = await browser.newContext({ viewport: { width, height: 900 }, javaScriptEnabled: script, ignoreHTTPSErrors: true, reducedMotion: "reduce" });
  context.setDefaultTimeout(20_000);
  const { alive, bounded } = watch();
  for (const event of ["request", "response", "page"]) context.on(event, alive);
  const page = await context.newPage();
  const faults = [];
  page.on("crash", () => faults.push(`the page at ${page.url()} crashed`));
  page.on("pageerror", (error) => faults.push(`script failed: ${error.message}`));
  page.on("console", (m) => {
    if (m.type() === "error" && !/the server responded with a status of (4|503)/.test(m.text()) && !(data.quiet && new RegExp(data.quiet).test(m.text()))) faults.push(`console: ${m.text()}`);
  });
  const look = async (name, at = page) => {
    if (!script) return;
    await at.bringToFront(); // a page behind another one has no picture
    await picture(at, `${data.shots}/${name}-${width}.png`);
    alive();
    const wide = await at.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (wide > 0) faults.push(`${name}: ${wide} pixels wider than the screen`);
    const found = await new AxeBuilder({ page: at }).withTags(rules).exclude("iframe[sandbox]").analyze(); // in frames of letters no script runs, axe's neither
    alive();
    for (const v of found.violations) faults.push(`${name}: ${v.id}, ${v.help}: ${v.nodes.map((n) => n.target.join(" ")).join("; ")}`);
  };
  try {
    await bounded(story({ page, context, base: data.base, look, script, width, run, data }));
  } catch (error) {
    faults.push(`at ${page.url()}: ${error.stack}`);
    await page.screenshot({ path: `${data.shots}/failed-${width}.png`, fullPage: true, timeout: 5_000 }).catch(() => {});
  }
  for (const fault of faults) console.log(`${script ? "with" : "without"} script, ${width} wide: ${fault}`);
  failed ||= faults.length > 0;
  await watch().bounded(browser.close());
}
process.exit(failed ? 1 : 0);
