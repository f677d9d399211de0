import { QueryClient } from "@tanstack/react-query";
import { beforeEach, expect, test, vi } from "vitest";
import type { AnyCall, SetError, WorkFiling } from "../jmap/client.js";
import { Filings } from "../store/filings.js";
import type { Mail } from "../store/mail.js";
import type { Server } from "../store/server.js";
import { Undo } from "../store/undo.js";
import { file, keptText, mayFile, takeBackFiling } from "./record.js";

let asked: AnyCall[];
let refuses: SetError | undefined;
let breaks: Error | undefined;
let mail: Mail;
beforeEach(() => {
  [asked, refuses, breaks] = [[], undefined, undefined];
  const one = async (c: AnyCall) => {
    asked.push(c);
    if (breaks) throw breaks;
    if (refuses) return { notCreated: { f: refuses }, notDestroyed: { R1: refuses } };
    return { created: { f: { id: "R1", filedAt: "2026-11-27T14:02:00Z", keepUntil: "2035-01-01T00:00:00Z" } }, destroyed: ["R1"] };
  };
  const of = (mayHandle: boolean) => ({ accountCapabilities: { "urn:haven:work": { mayHandle } } });
  const server = { session: { accounts: { Abox: of(true), Aread: of(false), Anone: { accountCapabilities: {} } } }, one } as unknown as Server;
  mail = { filings: new Filings(server, new QueryClient()), undo: new Undo(), questions: { ask: vi.fn(async () => true) } } as unknown as Mail;
});

const filing = { emailId: "M1", nhsNumber: "9434765919", formats: ["pdf" as const] };

test("a letter is filed", async () => {
  expect(await file(mail, "Abox", filing, false)).toMatchObject({ is: "filed", filing: { keepUntil: "2035-01-01T00:00:00Z" } });
  expect(await file(mail, "Abox", filing, true)).toMatchObject({ is: "filed" });
  expect(asked.map((c) => c.args)).toEqual([{ accountId: "Abox", create: { f: filing }, again: [] }, { accountId: "Abox", create: { f: filing }, again: ["M1"] }]);
});

test("what a colleague filed is said, and by whom", async () => {
  refuses = { type: "filedAlready", filedByName: "Ben Whitlock", filedAt: "2026-11-20T14:02:00Z" };
  const came = await file(mail, "Abox", filing, false);
  expect(came.is).toBe("before");
  expect("says" in came && came.says).toMatch(/^Ben Whitlock filed this already, .*14:02\. You can file it once more/);
});

test("a refusal is said with what is at fault", async () => {
  refuses = { type: "invalidProperties", properties: ["nhsNumber"], description: "This is no NHS number." };
  expect(await file(mail, "Abox", filing, false)).toEqual({ is: "refused", says: "This is no NHS number.", at: "nhsNumber" });
  breaks = new TypeError("Failed to fetch");
  expect(await file(mail, "Abox", filing, false)).toMatchObject({ is: "refused", says: expect.stringMatching(/^There is no connection/) });
});

test("it is taken back where the service lets it", async () => {
  await takeBackFiling(mail, "Abox", { id: "R1" } as WorkFiling);
  refuses = { type: "tooLate", description: "It was filed longer than 24 hours ago." };
  await takeBackFiling(mail, "Abox", { id: "R1" } as WorkFiling);
  expect(mail.undo.snapshot().map((d) => d.says)).toEqual(["Taken back: it does not count as filed any more", "It was filed longer than 24 hours ago."]);
});

test("who may file", () => {
  expect([mayFile(mail, "Abox", { keywords: {} }), mayFile(mail, "Abox", { keywords: { $draft: true } }), mayFile(mail, "Aread", { keywords: {} }), mayFile(mail, "Anone", { keywords: {} })]).toEqual([true, false, false, false]);
});

test("the last day on which it is kept", () => {
  expect(keptText("2035-01-01T00:00:00Z")).toBe("31 December 2034");
});
