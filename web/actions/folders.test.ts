import { expect, test, vi } from "vitest";
import { SetFailed, type Mailbox } from "../jmap/client.js";
import type { Mail } from "../store/mail.js";
import { dropFolder, makeFolder, placeFolder } from "./folders.js";

/** A service with a folder that holds some letters, which notes what it is asked. */
function world(letters: string[], more: { child?: boolean } = {}) {
  const asked: [string, Record<string, unknown>][] = [];
  let held = letters.length;
  const one = vi.fn(async ({ name, args }: { name: string; args: { create?: object; update?: Record<string, object>; destroy?: string[] } }) => {
    asked.push([name, args]);
    if (name === "Email/set") held = 0;
    if (args.create) return { created: { f: { id: "New" } }, notCreated: null };
    if (args.update) return { updated: Object.fromEntries(Object.keys(args.update).map((k) => [k, null])), notUpdated: null };
    if (more.child) return { destroyed: [], notDestroyed: { Old: { type: "mailboxHasChild", description: "It has folders inside." } } };
    return held ? { destroyed: [], notDestroyed: { Old: { type: "mailboxHasEmail", description: "It holds letters." } } } : { destroyed: args.destroy, notDestroyed: null };
  });
  const list = letters.map((id) => ({ id, threadId: id, mailboxIds: { Old: true }, keywords: {}, receivedAt: "" }));
  const undo = { add: vi.fn(), fail: vi.fn() };
  const mail = {
    server: { one, request: async () => [{ ids: letters }, { list }], session: { capabilities: { "urn:ietf:params:jmap:core": { maxObjectsInGet: 500, maxObjectsInSet: 500 } } } },
    undo,
    refresh: vi.fn(async () => {}),
    folders: () => ({}),
    cache: { fetchQuery: async () => [{ id: "Bin", role: "trash" }] },
  };
  const back = () => (undo.add.mock.calls.at(-1)![1] as () => Promise<void>)();
  return { mail: mail as unknown as Mail, asked, undo, back };
}

const old = { id: "Old", name: "Notes", parentId: "P" } as Mailbox;

test("a folder is made, and goes again", async () => {
  const { mail, asked, back } = world([]);
  expect(await makeFolder(mail, "A", { name: "Notes", parentId: null })).toBe("New");
  await back();
  expect(asked.at(-1)![1]).toMatchObject({ destroy: ["New"] });
});

test("a folder is renamed and moved at once, and nothing is asked where nothing changes", async () => {
  const { mail, asked, back } = world([]);
  await placeFolder(mail, "A", old, { name: "Notes", parentId: "P" });
  expect(asked).toEqual([]);
  await placeFolder(mail, "A", old, { name: "Letters", parentId: null });
  await back();
  expect(asked.map(([, args]) => args.update)).toEqual([{ Old: { name: "Letters", parentId: null } }, { Old: { name: "Notes", parentId: "P" } }]);
});

test("the letters of a folder that is deleted go to Deleted, and come back with it", async () => {
  const { mail, asked, back } = world(["1", "2"]);
  await dropFolder(mail, "A", old);
  expect(asked.map(([name]) => name)).toEqual(["Mailbox/set", "Email/set", "Mailbox/set"]);
  expect(asked[1]![1].update).toMatchObject({ 1: { "mailboxIds/Old": null, "mailboxIds/Bin": true } });
  await back();
  expect(asked[3]![1].create).toEqual({ f: { name: "Notes", parentId: "P", isSubscribed: true } });
  expect(asked[4]![1].update).toMatchObject({ 2: { "mailboxIds/New": true, "mailboxIds/Bin": null } });
});

test("a folder with others inside stays, and the service says why", async () => {
  const { mail, asked } = world(["1"], { child: true });
  await expect(dropFolder(mail, "A", old)).rejects.toThrow(SetFailed);
  expect(asked.length).toBe(1);
});
