import { beforeEach, expect, test, vi } from "vitest";
import { RequestError, type Client, type Session } from "../../jmap/client.js";
import { memory } from "../memory.js";
import { Opened, Vault } from "./vault.js";
import { Visit, type Ground } from "./visit.js";

const session = { havenPerson: "A1", havenShared: false, havenOfflineSeconds: 86400 } as Session;
let opened: Opened;
let ground: { [K in keyof Ground]: ReturnType<typeof vi.fn> };
let visit: Visit;

beforeEach(async () => {
  vi.useRealTimers();
  const vault = await Vault.make(session, "quiet harbour 27", { front: memory(), pieces: memory() }, 1000);
  opened = (await vault.open("quiet harbour 27")) as Opened;
  vi.useFakeTimers();
  const away = async (): Promise<Client> => Promise.reject(new TypeError());
  ground = { open: vi.fn(away), isWriting: vi.fn(() => false), save: vi.fn(async () => true), onBack: vi.fn(), onRefused: vi.fn(), onOther: vi.fn(), onGone: vi.fn() };
  visit = new Visit(opened, ground as unknown as Ground);
  visit.begin();
});

const there = (as: Partial<Session> = {}) => ground.open.mockResolvedValue({ session: { ...session, ...as } } as Client);
const pass = () => vi.advanceTimersByTimeAsync(16_000);

test("it goes on asking while the service is away", async () => {
  await pass();
  await pass();
  expect(ground.open).toHaveBeenCalledTimes(2);
  expect(visit.snapshot().is).toBe("away");
});

test("it goes on by itself where nobody writes", async () => {
  there();
  await pass();
  expect(ground.onBack).toHaveBeenCalledWith(expect.anything(), { sent: 0, drafts: 0, stayed: [], kept: [] });
});

test("who writes is asked, and the letter is saved before", async () => {
  there();
  ground.isWriting.mockReturnValue(true);
  ground.save.mockImplementation(async () => !!ground.isWriting.mockReturnValue(false));
  await pass();
  expect(visit.snapshot().is).toBe("back");
  expect(ground.onBack).not.toHaveBeenCalled();
  await visit.goOn();
  expect(ground.save).toHaveBeenCalledBefore(ground.onBack);
});

test("what can't be saved stays on the page", async () => {
  there();
  ground.save.mockResolvedValue(false);
  await pass();
  ground.open.mockRejectedValue(new RequestError(401, "about:blank", "", undefined, "session.locked"));
  await visit.goOn();
  expect(visit.snapshot().is).toBe("back");
  expect(ground.onBack).not.toHaveBeenCalled();
  expect(ground.onRefused).not.toHaveBeenCalled();
});

test("a letter that is begun while what waited is brought keeps the page", async () => {
  there();
  ground.isWriting.mockReturnValueOnce(false).mockReturnValueOnce(true);
  await pass();
  expect(visit.snapshot().is).toBe("back");
  await visit.goOn();
  expect(ground.onBack).toHaveBeenCalled();
});

test("where the log in is over or locked, what is written is saved and the page leaves", async () => {
  ground.open.mockRejectedValue(new RequestError(401, "about:blank", "", undefined, "session.locked"));
  await pass();
  expect(ground.save).toHaveBeenCalledBefore(ground.onRefused);
});

test("where the log in is over though letters wait, they wait for another one", async () => {
  vi.useRealTimers();
  await opened.vault.put("letter/1", { accountId: "A1", at: 1, email: {} });
  vi.useFakeTimers();
  ground.open.mockRejectedValue(new RequestError(401, "about:blank", ""));
  await visit.goOn();
  expect(visit.snapshot().is).toBe("over");
  expect(ground.onRefused).not.toHaveBeenCalled();
  await opened.vault.drop("letter/1");
  there();
  await pass();
  expect(ground.onBack).toHaveBeenCalled();
});

test.each([{ havenPerson: "A9" }, { havenShared: true }])("where it is another's now, nothing is brought (%o)", async (as) => {
  there(as);
  await pass();
  expect(ground.onOther).toHaveBeenCalled();
  expect(ground.onBack).not.toHaveBeenCalled();
});

test.each([
  ["a day after the service was heard", () => void vi.setSystemTime(Date.now() + 25 * 3_600_000)],
  ["once another tab logged out", () => opened.vault.destroy()],
])("it shuts %s, though somebody writes", async (_, happens) => {
  there();
  ground.isWriting.mockReturnValue(true);
  await pass();
  expect(ground.onGone).not.toHaveBeenCalled();
  await happens();
  await pass();
  expect(ground.onGone).toHaveBeenCalledOnce();
});

test("what waits is counted", async () => {
  vi.useRealTimers();
  await opened.vault.put("letter/1", { accountId: "A1" });
  await vi.waitFor(() => expect(visit.snapshot().waits).toBe(1));
});
