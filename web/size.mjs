// What a browser loads before it shows mail: the files that index.html names, compressed, in kilobytes. More than the bound is an error.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const most = 250; // kB
const dist = new URL("../face/web/dist/", import.meta.url);
const names = [...readFileSync(new URL("index.html", dist), "utf8").matchAll(/(?:src|href)="\/mail\/(assets\/[^"]+)"/g)].map((m) => m[1]);
let total = 0;
for (const name of names) {
  const size = gzipSync(readFileSync(new URL(name, dist)), { level: 9 }).length / 1000;
  total += size;
  console.log(`${size.toFixed(1).padStart(8)} kB  ${name}`);
}
console.log(`${total.toFixed(1).padStart(8)} kB  of at most ${most}`);
if (names.length === 0 || total > most) process.exit(1);
