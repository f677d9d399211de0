import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "..");
/** Each may import what stands before it. */
const order = ["jmap", "model", "store", "locales", "actions", "ui", "features", "app"];
const withoutReact = ["jmap", "model"];

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((f) => /\.tsx?$/.test(f) && !/\.test\.tsx?$/.test(f) && !f.includes("node_modules"))
    .map((f) => join(folder, f));
}

test.each(order.filter((f) => f !== "jmap"))("%s imports only what stands before it", (folder) => {
  const wrong: string[] = [];
  for (const file of sources(folder)) {
    for (const [, from = ""] of readFileSync(join(root, file), "utf8").matchAll(/(?:from|import\(?)\s*"([^"]+)"/g)) {
      if (!from.startsWith(".")) {
        if (withoutReact.includes(folder) && /react/.test(from)) wrong.push(`${file}: ${from}`);
        continue;
      }
      const to = relative(root, resolve(root, dirname(file), from)).split("/")[0] as string;
      if (order.indexOf(to) > order.indexOf(folder)) wrong.push(`${file}: ${from}`);
    }
  }
  expect(wrong).toEqual([]);
});
