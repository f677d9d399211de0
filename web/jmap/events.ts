// Server-sent events (RFC 8620 §7.3), read by fetch, since EventSource in browsers sets no headers and Node has none.

/** One event of a stream. */
export interface ServerEvent {
  event: string;
  data: string;
  id: string;
}

/** The events of a text/event-stream, until it ends. */
export async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  let next: ServerEvent = { event: "", data: "", id: "" };
  for await (const line of linesOf(body)) {
    if (line === "") {
      if (next.data !== "") yield next;
      next = { event: "", data: "", id: next.id };
      continue;
    }
    const colon = line.indexOf(":");
    if (colon === 0) continue; // a comment
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event" || field === "id") next[field] = value;
    if (field === "data") next.data += next.data === "" ? value : `\n${value}`;
  }
}

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + decoder.decode(value, { stream: true })).split(/\r\n|\n/);
      rest = lines.pop() ?? "";
      yield* lines;
    }
  } finally {
    await reader.cancel().catch(() => {}); // what ends it is told already
  }
}
