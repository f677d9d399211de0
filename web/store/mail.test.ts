import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { StateChange } from "../jmap/client.js";
import { Mail } from "./mail.js";
import type { Server } from "./server.js";

const accounts = { A1: { name: "Aisha" }, A2: { name: "Shop" } };
const session = { capabilities: {}, accounts, primaryAccounts: {} } as unknown as Server["session"];
let end: AbortController;
let refresh: ReturnType<typeof vi.fn>;
let hears: (is: boolean) => void;
let mail: Mail;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("sessionStorage", { getItem: () => null });
  end = new AbortController();
  refresh = vi.fn().mockRejectedValueOnce(new TypeError()).mockResolvedValue({ ...session, accounts: { A1: accounts.A1 } });
  const listen = async (_: string, signal: AbortSignal, connected: typeof hears) => {
    hears = connected;
    return (async function* (): AsyncGenerator<StateChange, void> {
      yield { "@type": "StateChange", changed: { A1: { Session: "2" } } } as unknown as StateChange;
      await new Promise((done) => signal.addEventListener("abort", done));
    })();
  };
  mail = new Mail({ session, refresh, listen } as unknown as Server);
});
afterEach(() => {
  end.abort();
  vi.useRealTimers();
});

test.each([
  ["once the service is heard again", async () => hears(true)],
  ["soon", async () => void (await vi.advanceTimersByTimeAsync(5_000))],
])("where the line breaks as the session changes, it is taken %s", async (_, happens) => {
  const board = mail.work.board("A2");
  const everywhere = { accountId: "A1", filter: {}, everywhere: { A1: {}, A2: {} } };
  const list = mail.list(everywhere);
  void mail.follow(end.signal);
  await vi.advanceTimersByTimeAsync(0);
  expect(mail.session().accounts.A2).toBeDefined();
  await happens();
  await vi.advanceTimersByTimeAsync(0);
  expect(refresh).toHaveBeenCalledTimes(2);
  expect(mail.session().accounts.A2).toBeUndefined();
  expect(mail.work.board("A2")).not.toBe(board);
  expect(mail.list(everywhere)).not.toBe(list);
});
