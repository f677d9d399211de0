// How streams of changes are read and taken up again, and what a page's requests say. No service is needed.
import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Client, type StateChange } from "../client.js";
import { eventsOf } from "../events.js";

/** A stream of a text, in pieces of so many octets. */
const stream = (text: string, size = 1000) =>
  new ReadableStream<Uint8Array>({
    start(to) {
      const all = new TextEncoder().encode(text);
      for (let at = 0; at < all.length; at += size) to.enqueue(all.slice(at, at + size));
      to.close();
    },
  });

const changed = (state: string) => JSON.stringify({ "@type": "StateChange", changed: { A1: { Email: state } } } satisfies StateChange);

test("events come whole, however they are cut", async () => {
  const text = `: Haven\n\nid: 1\nevent: state\ndata: {"a":\ndata:  "é"}\n\nevent: ping\r\ndata: {}\r\n\r\nevent: none\n\ndata: last\n\ndata: cut off`;
  for (const size of [1, 2, 3, 7, 1000]) {
    const got = [];
    for await (const event of eventsOf(stream(text, size))) got.push(event);
    assert.deepEqual(got, [
      { event: "state", id: "1", data: '{"a":\n "é"}' },
      { event: "ping", id: "1", data: "{}" },
      { event: "", id: "1", data: "last" },
    ]);
  }
});

/** A service that answers with a session and then with streams, one after the other; it keeps what it was asked. */
const service = (more: object, ...streams: (ReadableStream<Uint8Array> | number)[]) => {
  const asked: { url: string; headers: Headers }[] = [];
  const session = { state: "1", apiUrl: "https://mail.test/jmap/api", eventSourceUrl: "https://mail.test/events?types={types}", downloadUrl: "https://mail.test/{accountId}/{blobId}/{name}?accept={type}", ...more };
  const answer: typeof fetch = async (url, init) => {
    asked.push({ url: String(url), headers: new Headers(init?.headers) });
    if (String(url).endsWith("/.well-known/jmap")) return Response.json(session);
    const next = streams.shift() ?? 401;
    return typeof next === "number" ? Response.json({ type: "about:blank", detail: "It is over.", rule: "jmap.nobody" }, { status: next }) : new Response(next);
  };
  return { asked, answer };
};

test("a stream that breaks is taken up where it was, and ends with the session", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const pass = async <T>(next: Promise<T>): Promise<T> => {
    let over = false;
    void next.catch(() => {}).finally(() => (over = true));
    while (!over) {
      await new Promise((turn) => setImmediate(turn));
      mock.timers.tick(60_000);
    }
    return next;
  };
  const { asked, answer } = service({}, stream(""), stream(`id: s1\nevent: state\ndata: ${changed("x")}\n\n`), 503, stream(`id: s2\nevent: state\ndata: ${changed("y")}\n\n`));
  const client = await Client.open({ url: "https://mail.test", fetch: answer });
  const changes = await client.listen(["Email"], new AbortController().signal);
  assert.equal((await pass(changes.next())).value?.changed.A1?.Email, "x");
  assert.equal((await pass(changes.next())).value?.changed.A1?.Email, "y");
  await assert.rejects(pass(changes.next()), { name: "RequestError", status: 401, message: "It is over.", rule: "jmap.nobody" });
  assert.deepEqual(asked.slice(1).map(({ headers }) => headers.get("Last-Event-ID")), [null, "0", "s1", "s1", "s2"]);
  mock.timers.reset();
});

test("a line on which nothing is heard any more is taken up again, and both are told", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const told: boolean[] = [];
  const { asked, answer } = service({}, stream(""));
  let opened = 0;
  const hanging: typeof fetch = async (url, init) => {
    if (!String(url).includes("/events")) return answer(url, init);
    asked.push({ url: String(url), headers: new Headers(init?.headers) });
    if (++opened > 1) return new Response(stream(`id: s1\nevent: state\ndata: ${changed("x")}\n\n`));
    return new Response(new ReadableStream({ start: (to) => init?.signal?.addEventListener("abort", () => to.error(init.signal?.reason)) }));
  };
  const client = await Client.open({ url: "https://mail.test", fetch: hanging });
  const changes = await client.listen(["Email"], new AbortController().signal, (is) => told.push(is));
  let over = false;
  const next = changes.next().finally(() => (over = true));
  while (!over) {
    await new Promise((turn) => setImmediate(turn));
    mock.timers.tick(10_000);
  }
  assert.equal((await next).value?.changed.A1?.Email, "x");
  assert.deepEqual(told, [true, false, true]);
  mock.timers.reset();
});

test("a page says whose it is", async () => {
  const { asked, answer } = service({ havenPerson: "Aperson" }, stream("{}"));
  const client = await Client.open({ url: "https://mail.test", fetch: answer });
  assert.equal(client.downloadUrl("A1", "B1", "a file.pdf", "application/pdf"), "https://mail.test/A1/B1/a%20file.pdf?accept=application%2Fpdf&person=Aperson");
  await client.download("A1", "B1");
  assert.deepEqual(asked.map(({ headers }) => headers.get("Haven-Person")), [null, "Aperson"]);
});
