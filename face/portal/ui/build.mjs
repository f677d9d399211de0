// Builds ../assets/haven.css and haven.js from the design system and what stands here.
import { readFileSync, writeFileSync, mkdirSync } from "node:fs";
import * as sass from "sass";
import * as esbuild from "esbuild";

const here = new URL(".", import.meta.url).pathname;
const version = JSON.parse(readFileSync(here + "node_modules/nhsuk-frontend/package.json", "utf8")).version;
const note = `/* Built by "make assets" from face/portal/ui. Contains nhsuk-frontend ${version}, Copyright NHS England, MIT licence. */\n`;
mkdirSync(here + "../assets", { recursive: true });

// The tokens that the pages share with the web client, as variables: those of the light look, which is all that the pages have.
const tokens = /:root\s*\{([^}]*)\}/.exec(readFileSync(here + "../../../web/ui/tokens.css", "utf8"))[1].matchAll(/--([\w-]+):\s*([^;]+);/g);
const shared = {
  canonicalize: (url) => (url === "tokens" ? new URL("haven:tokens") : null),
  load: () => ({ contents: [...tokens].map(([, name, value]) => `$${name}: ${value};`).join("\n"), syntax: "scss" }),
};

const css = sass.compile(here + "haven.scss", { style: "expanded", loadPaths: [here + "node_modules"], importers: [shared], quietDeps: true }).css;
const small = await esbuild.transform(css, { loader: "css", minify: true, target: ["chrome100", "firefox100", "safari15"] });
writeFileSync(here + "../assets/haven.css", note + small.code);

const script = await esbuild.build({ entryPoints: [here + "haven.js"], bundle: true, minify: true, format: "esm", write: false, target: ["es2020"], logLevel: "warning" });
writeFileSync(here + "../assets/haven.js", note + script.outputFiles[0].text);
