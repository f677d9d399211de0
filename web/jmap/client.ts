// A small client for JMAP as Haven speaks it. It needs nothing but fetch, and runs in browsers and in Node.
//
//   const client = await Client.open({ url: "https://mail.example", headers: basic(user, password) });
//   const accountId = client.primary("urn:ietf:params:jmap:mail");
//   const found = call("Email/query", { accountId, filter: { hasKeyword: "$flagged" } });
//   const emails = call("Email/get", { accountId, "#ids": found.ref("/ids"), properties: ["id", "subject"] });
//   const [, { list }] = await client.request([found, emails]);

import { Call, type AnyCall, type Answer, type Answers } from "./calls.js";
import { MethodError, RequestError } from "./errors.js";
import { eventsOf } from "./events.js";
import { capabilityOf, type AccountId, type BlobId, type Capability, type Id, type MethodName, type Session, type StateChange, type Upload } from "./types.js";

export * from "./calls.js";
export * from "./errors.js";
export * from "./everywhere.js";
export * from "./types.js";

/** Where the service is, and what signs in there. */
export interface Options {
  /** Such as https://mail.example; of a page its own origin. */
  url: string;
  /** What goes with every request, as basic and bearer make it. Pages give none: their cookie signs in. */
  headers?: Record<string, string>;
  fetch?: typeof fetch;
}

export interface RequestOptions {
  /** The ids that creation ids stand for, from requests before. */
  createdIds?: Record<string, Id>;
  /** Of a page: its person did something, so that the session goes on (docs/decisions/025). */
  act?: boolean;
  /** It goes on when the page is gone; browsers let that have 64 KiB. */
  keepalive?: boolean;
  signal?: AbortSignal;
}

/** An answer as it came: name, what it says, and the id of its call. */
export type Invocation = [name: string, says: Record<string, unknown>, callId: string];

/** What a request gives, with what went wrong in its place. */
export interface Sent<C extends readonly AnyCall[]> {
  answers: { [I in keyof Answers<C>]: Answers<C>[I] | MethodError };
  /** Of methods that nobody called, such as the Email/set that follows an EmailSubmission/set. */
  further: Invocation[];
  /** Where some were given: all that there are now. */
  createdIds?: Record<string, Id>;
}

/** Headers that sign in with a password (RFC 7617). */
export function basic(user: string, password: string): Record<string, string> {
  return { Authorization: `Basic ${base64(`${user}:${password}`)}` };
}

/** Headers that sign in with a password as a bearer token (docs/decisions/026). */
export function bearer(user: string, password: string): Record<string, string> {
  const token = base64(`${user}:${password}`).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return { Authorization: `Bearer ${token}` };
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

const known = new Set<string>(Object.values(capabilityOf)); // some methods need more than one (RFC 9007 §2.1, RFC 9404 §4.3)

/** Talks to one service as one person. */
export class Client {
  /** As it was read last. */
  session!: Session;
  /** The session is another one now: accounts, rights or limits changed. refresh reads it. */
  stale = false;
  /** By how many milliseconds the service's clock is ahead of this computer's; differences of a few seconds are none. */
  ahead = 0;
  readonly #options: Options;
  readonly #fetch: typeof fetch;

  private constructor(options: Options) {
    this.#options = options;
    this.#fetch = options.fetch ?? ((...args) => fetch(...args));
  }

  /** Signs in. Throws RequestError where that is refused. */
  static async open(options: Options): Promise<Client> {
    const client = new Client(options);
    await client.refresh();
    return client;
  }

  /** Reads the session again. */
  async refresh(): Promise<Session> {
    const response = await this.#send(new URL("/.well-known/jmap", this.#options.url));
    this.session = (await response.json()) as Session;
    this.stale = false;
    return this.session;
  }

  /** The person's own account. Throws where it can't do that. */
  primary(capability: Capability): AccountId {
    const id = this.session.primaryAccounts[capability];
    if (id === undefined) throw new RangeError(`No account of ${this.session.username} has ${capability}.`);
    return id;
  }

  /** Sends calls as one request and gives their answers, in their order. Throws RequestError, or MethodError of the first that failed. */
  async request<const C extends readonly AnyCall[]>(calls: C, options: RequestOptions = {}): Promise<Answers<C>> {
    const { answers } = await this.send(calls, options);
    for (const answer of answers as readonly unknown[]) {
      if (answer instanceof MethodError) throw answer;
    }
    return answers as Answers<C>;
  }

  /** Sends one call and gives its answer. Throws RequestError or MethodError. */
  async one<N extends MethodName, P>(call: Call<N, P>, options: RequestOptions = {}): Promise<Answer<N, P>> {
    const [answer] = (await this.request([call], options)) as unknown as [Answer<N, P>];
    return answer;
  }

  /** Sends calls as one request; a method that failed does not keep the others from theirs. Throws RequestError. */
  async send<const C extends readonly AnyCall[]>(calls: C, options: RequestOptions = {}): Promise<Sent<C>> {
    const body = {
      using: Object.keys(this.session.capabilities).filter((c) => known.has(c)),
      methodCalls: calls.map((c) => [c.name, c.args, c.id]),
      ...(options.createdIds && { createdIds: options.createdIds }),
      ...(options.act && { havenAct: true }),
    };
    const response = await this.#send(this.session.apiUrl, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal: options.signal ?? null,
      ...(options.keepalive && { keepalive: true }),
    });
    const came = (await response.json()) as { methodResponses: Invocation[]; sessionState: string; createdIds?: Record<string, Id> };
    this.stale ||= came.sessionState !== this.session.state;
    const further = [...came.methodResponses];
    const answers = calls.map((c) => {
      const own = further.findIndex(([, , id]) => id === c.id);
      const [invocation] = own < 0 ? [] : further.splice(own, 1);
      return answerOf(c, invocation ?? ["error", { type: "serverFail", description: "Nothing was said of it." }, c.id]);
    });
    return { answers, further, ...(came.createdIds && { createdIds: came.createdIds }) } as Sent<C>;
  }

  /** Uploads a file, which is kept for a day unless something is made of it. */
  async upload(accountId: AccountId, file: BodyInit, type = "application/octet-stream", signal: AbortSignal | null = null): Promise<Upload> {
    const url = expand(this.session.uploadUrl, { accountId });
    const response = await this.#send(url, { method: "POST", headers: { "Content-Type": type }, body: file, signal });
    return (await response.json()) as Upload;
  }

  /** Where a file is read, under a name. In a page it is a link; programs use download, which signs in. */
  downloadUrl(accountId: AccountId, blobId: BlobId, name = "file", type = "application/octet-stream"): string {
    const url = expand(this.session.downloadUrl, { accountId, blobId, name, type });
    return this.session.havenPerson ? `${url}&person=${this.session.havenPerson}` : url;
  }

  /** Reads a file. */
  async download(accountId: AccountId, blobId: BlobId, signal: AbortSignal | null = null): Promise<Blob> {
    const response = await this.#send(this.downloadUrl(accountId, blobId), { signal });
    return response.blob();
  }

  /**
   * Listens to what changes from now on: once it resolves, nothing is missed. The changes come one after the other; where the connection breaks it
   * is opened again from where it was. Throws RequestError where the session is over. It ends with the signal. connected is told when the connection
   * breaks, and when it is there again.
   */
  async listen(types: readonly string[] | "*", signal: AbortSignal, connected: (is: boolean) => void = () => {}): Promise<AsyncGenerator<StateChange, void>> {
    const open = async (last: string): Promise<Line> => {
      const end = new AbortController();
      return { stream: await this.#events(types, last, AbortSignal.any([signal, end.signal])), end };
    };
    return follow(await open(""), open, signal, connected);
  }

  async #events(types: readonly string[] | "*", last: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const url = expand(this.session.eventSourceUrl, { types: types === "*" ? "*" : types.join(","), closeafter: "no", ping: String(pingEvery / 1000) });
    const headers: Record<string, string> = { Accept: "text/event-stream" };
    if (last) headers["Last-Event-ID"] = last;
    const { body } = await this.#send(url, { headers, signal });
    return body ?? new ReadableStream();
  }

  async #send(url: string | URL, init: RequestInit = {}): Promise<Response> {
    const person = (this.session as Session | undefined)?.havenPerson;
    const headers = { ...this.#options.headers, ...(person && { "Haven-Person": person }), ...(init.headers as Record<string, string> | undefined) };
    const response = await this.#fetch(url, { ...init, headers });
    this.#setClock(response.headers.get("Date"));
    if (!response.ok) throw await RequestError.from(response);
    return response;
  }

  #setClock(date: string | null): void {
    const ahead = Date.parse(date ?? "") - Date.now();
    if (!Number.isNaN(ahead)) this.ahead = Math.abs(ahead) < 5000 ? 0 : ahead; // a date has whole seconds, and takes its time
  }
}

function answerOf(call: AnyCall, [name, says]: Invocation): unknown {
  return name === "error" ? new MethodError(call.name, says as MethodError["says"]) : says;
}

/** A URI template of level 1 (RFC 6570), as session resources have them. */
function expand(template: string, values: Record<string, string>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ""));
}

/** A stream of events, and what ends it. */
interface Line {
  stream: ReadableStream<Uint8Array>;
  end: AbortController;
}

const pingEvery = 60_000; // milliseconds
const longestSilence = 2.5 * pingEvery; // then nobody is at the other end any more, though nothing says so
const longestWait = 60_000;
const unheard = "0"; // an event that there never was, so that the service tells how everything stands

/** The changes that streams tell, one stream after the other. */
async function* follow(
  first: Line,
  open: (last: string) => Promise<Line>,
  signal: AbortSignal,
  connected: (is: boolean) => void,
): AsyncGenerator<StateChange, void> {
  let last = "";
  let wait = 1000;
  let silence: ReturnType<typeof setTimeout> | undefined;
  for (let line: Line | undefined = first; !signal.aborted; ) {
    try {
      line ??= await open(last);
      connected(true);
      const { stream, end } = line;
      const heard = () => {
        clearTimeout(silence);
        silence = setTimeout(() => end.abort(), longestSilence);
      };
      heard();
      for await (const { event, data, id } of eventsOf(stream)) {
        heard();
        last = id;
        wait = 1000;
        if (event === "state") yield JSON.parse(data) as StateChange;
      }
    } catch (error) {
      if (error instanceof RequestError && error.status < 500 && error.status !== 429) throw error;
    } finally {
      clearTimeout(silence);
    }
    line = undefined;
    if (!signal.aborted) connected(false);
    last ||= unheard;
    await pause(wait, signal);
    wait = Math.min(wait * 2, longestWait);
  }
}

/** Waits, until the signal at the latest. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}
