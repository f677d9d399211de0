import { safeName } from "../../model/files/zip.js";
import { save, type Item } from "./items.js";
import { read } from "./work.js";

/** Gives files to the person as one zip, which is made in the browser. */
export async function packed(items: readonly Item[], name: string): Promise<void> {
  const end = new AbortController();
  const files = [];
  for (const item of items) files.push({ name: item.name, octets: new Uint8Array(await (await item.load(end.signal)).arrayBuffer()) });
  const zip = await read<Uint8Array<ArrayBuffer>>({ does: "zip", octets: new Uint8Array(), files }, end.signal);
  save(new Blob([zip]), `${safeName(name)}.zip`);
}
