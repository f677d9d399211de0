import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { build } from "vite";
import { defineConfig } from "vitest/config";

/** Fonts that every PDF may take for granted, and decoders of pictures, which pdf.js fetches by their names. */
function pdfParts(): Plugin {
  const from = join(import.meta.dirname, "node_modules/pdfjs-dist");
  const { version } = JSON.parse(readFileSync(join(from, "package.json"), "utf8")) as { version: string };
  return {
    name: "pdf-parts",
    generateBundle() {
      for (const folder of ["standard_fonts", "wasm"]) {
        for (const name of readdirSync(join(from, folder))) {
          if (!/\.(?:pfb|ttf|wasm)$/.test(name) || name.startsWith("quickjs")) continue; // no script of a PDF is run
          this.emitFile({ type: "asset", fileName: `assets/pdf-${version}/${name}`, source: readFileSync(join(from, folder, name)) });
        }
      }
    },
  };
}

/** What is kept of the page where somebody reads offline: all but what shows rare files. */
function isOfShell(name: string): boolean {
  return /^assets\/[^/]+\.(?:m?js|css)$/.test(name) && !/^assets\/(?:pdf|PdfView|files\.worker)/.test(name);
}

/** The worker beside the page, as one classic script: not every browser runs modules there. It knows the files of its build. */
function pageWorker(): Plugin {
  return {
    name: "page-worker",
    async generateBundle(_, bundle) {
      const files = ["/mail/", "/mail/frame", "/mail/frame-pictures", "/assets/haven.svg", ...Object.keys(bundle).filter(isOfShell).map((n) => `/mail/${n}`)].sort();
      const version = createHash("sha256").update(files.join("\n")).digest("hex").slice(0, 16);
      const made = await build({
        configFile: false,
        logLevel: "warn",
        define: { SHELL: JSON.stringify({ version, files }) },
        build: { write: false, target: ["chrome110", "firefox110", "safari16"], lib: { entry: join(import.meta.dirname, "app/worker/worker.ts"), formats: ["iife"], name: "worker", fileName: () => "worker.js" } },
      });
      for (const { output } of [made].flat() as { output: { type: string; code?: string }[] }[]) {
        for (const o of output) if (o.type === "chunk") this.emitFile({ type: "asset", fileName: "worker.js", source: o.code ?? "" });
      }
    },
  };
}

// The client is served by the program at /mail/, from what is built into it.
export default defineConfig({
  base: "/mail/",
  plugins: [react(), pdfParts(), pageWorker()],
  build: {
    target: ["chrome110", "firefox110", "safari16"],
    assetsInlineLimit: 0, // the policy of the page lets nothing be loaded from data:
    modulePreload: { polyfill: false },
    outDir: "../face/web/dist",
    emptyOutDir: true,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 2000, // kB; what is loaded first has a bound of its own, in size.mjs
  },
  test: { include: ["**/*.test.{ts,tsx}"], exclude: ["**/node_modules/**", "jmap/**"], environment: "node", testTimeout: 30_000 },
});
