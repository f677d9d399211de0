import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// The client is served by the program at /mail/, from what is built into it.
export default defineConfig({
  base: "/mail/",
  plugins: [react()],
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
