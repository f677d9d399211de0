import { expect, test } from "vitest";
import type { BlobId } from "../jmap/client.js";
import { Uploads, type Progress } from "./uploads.js";

/** Files that arrive, or do not, when the test says so. */
function harness() {
  const begun: string[] = [];
  const arrived: string[] = [];
  const ends = new Map<string, { arrive: () => void; fail: (why: string) => void }>();
  let now: ReadonlyMap<string, Progress> = new Map();
  const uploads = new Uploads({
    begin: (file) => {
      begun.push(file.name);
      let end: { resolve: (id: BlobId) => void; reject: (e: Error) => void } | undefined;
      const done = new Promise<BlobId>((resolve, reject) => (end = { resolve, reject }));
      ends.set(file.name, { arrive: () => end?.resolve(`B${file.name}` as BlobId), fail: (why) => end?.reject(new Error(why)) });
      return { done, cancel: () => end?.reject(new DOMException("It was cancelled.", "AbortError")) };
    },
    onProgress: (p) => (now = p),
    onArrived: (key, blobId) => arrived.push(`${key} ${blobId}`),
  });
  const add = (...names: string[]) => names.forEach((n) => uploads.add(n, new File(["x"], n)));
  return { uploads, begun, arrived, ends, add, now: () => now };
}
const settle = () => new Promise((done) => setTimeout(done));

test("three go at a time, in their order", async () => {
  const h = harness();
  h.add("a", "b", "c", "d", "e");
  expect(h.begun).toEqual(["a", "b", "c"]);
  h.ends.get("b")?.arrive();
  await settle();
  expect([h.begun, h.arrived, h.now().size]).toEqual([["a", "b", "c", "d"], ["b Bb"], 4]);
});

test("one that did not arrive says why, and is sent again when that is asked", async () => {
  const h = harness();
  h.add("a");
  h.ends.get("a")?.fail("There is no connection.");
  await settle();
  expect([h.now().get("a"), h.uploads.isGoing]).toEqual([{ failed: "There is no connection." }, false]);
  h.uploads.retry("a");
  h.ends.get("a")?.arrive();
  await settle();
  expect([h.begun, h.arrived, h.now().size]).toEqual([["a", "a"], ["a Ba"], 0]);
});

test("one that is taken out makes room for the next, and nothing is said of it", async () => {
  const h = harness();
  h.add("a", "b", "c", "d");
  h.uploads.drop("a");
  await settle();
  expect([h.begun, h.now().has("a")]).toEqual([["a", "b", "c", "d"], false]);
});

test("after the end nothing begins; who goes on sends what is left", async () => {
  const h = harness();
  h.add("a", "b", "c", "d");
  h.uploads.end();
  await settle();
  expect(h.begun).toEqual(["a", "b", "c"]);
  h.uploads.goOn();
  expect(h.begun).toEqual(["a", "b", "c", "d"]);
});
