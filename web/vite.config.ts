import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
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

// The client is served by the program at /mail/, from what is built into it.
export default defineConfig({
  base: "/mail/",
  plugins: [react(), pdfParts()],
  build: {
    target: ["chrome110", "firefox110", "safari16"],
    assetsInlineLimit: 0, // the policy of the page lets nothing be loaded from data:
    modulePreload: { polyfill: false },
    outDir: "../face/web/dist",
    emptyOutDir: true,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 2000, // kB; what is loaded first has a bound of its own, in size.mjs
  },
  test: { include: ["**/*.test.{ts,tsx}"], exclude: ["**/node_modules/**", "jmap/**"], environment: "node" },
});
