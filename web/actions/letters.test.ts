import { expect, test, vi } from "vitest";
import type { Mailbox } from "../jmap/client.js";
import type { MailAccount } from "../model/mailboxes.js";
import type { InThread, Row } from "../model/row.js";
import type { Edit } from "../store/edits.js";
import type { Mail } from "../store/mail.js";
import { archive, destroy, junk, remove, type Chosen } from "./letters.js";
import { mayPut, put } from "./move.js";

const rights = { mayReadItems: true, mayAddItems: true, mayRemoveItems: true, maySetSeen: true, maySetKeywords: true, mayCreateChild: true, mayRename: true, mayDelete: true, maySubmit: true };
const folder = (id: string, role: Mailbox["role"] = null, more: Partial<typeof rights> = {}) => ({ id, name: id, role, parentId: null, myRights: { ...rights, ...more } }) as Mailbox;
const folders = [folder("In", "inbox"), folder("Arch", "archive"), folder("Bin", "trash"), folder("Junk", "junk"), folder("Sent", "sent"), folder("Notes"), folder("Wait", "scheduled", { mayAddItems: false })];
const letter = (id: string, places: string[], keywords: string[] = []): InThread =>
  ({ id, threadId: "T", mailboxIds: Object.fromEntries(places.map((p) => [p, true])), keywords: Object.fromEntries(keywords.map((k) => [k, true])), from: null, receivedAt: "2026-01-01T00:00:00Z" }) as InThread;

function world(at: string | undefined, thread: InThread[], answers = true) {
  const edits: Edit[] = [];
  const asked: unknown[] = [];
  const one = vi.fn(async (c: { args: { create: Record<string, { id: string }> } }) => ({ created: Object.fromEntries(Object.entries(c.args.create).map(([cid, { id }]) => [cid, { id: `${id}2` }])), notCreated: null }));
  const undo = { add: vi.fn(), fail: vi.fn() };
  const mail = {
    edit: async (_: string, e: Edit) => (edits.push(e), true),
    destroy: vi.fn(async () => true),
    refresh: vi.fn(async () => {}),
    questions: { ask: async (q: unknown) => (asked.push(q), answers) },
    undo,
    server: { one, session: { capabilities: { "urn:ietf:params:jmap:core": { maxObjectsInSet: 500 } } } },
  };
  const rows = [{ accountId: "A", email: thread.at(-1), thread }] as unknown as Row[];
  const chosen: Chosen = { mail: mail as unknown as Mail, accountId: "A", folders, folder: folders.find((f) => f.id === at), rows };
  return { chosen, edits, asked, one, undo, mail };
}

test("what stands in the folder is moved; what of a conversation stands elsewhere stays there", async () => {
  const { chosen, edits } = world("In", [letter("1", ["In", "Notes"]), letter("2", ["Sent"]), letter("3", ["In"])]);
  await archive.run(chosen);
  expect([...edits[0]!]).toEqual([["1", { mailboxIds: { Notes: true, Arch: true } }], ["3", { mailboxIds: { Arch: true } }]]);
});

test("in a search all is moved but what was sent", async () => {
  const { chosen, edits } = world(undefined, [letter("1", ["In"]), letter("2", ["Sent"]), letter("3", ["Notes"])]);
  await remove.run(chosen);
  expect([...edits[0]!.keys()]).toEqual(["1", "3"]);
});

test("what goes to Junk is marked so, and what comes back from there as none", async () => {
  const there = world("In", [letter("1", ["In"], ["$seen"])]);
  await junk.run(there.chosen);
  expect(there.edits[0]!.get("1")).toEqual({ mailboxIds: { Junk: true }, keywords: { $seen: true, $junk: true } });
  const back = world("Junk", [letter("1", ["Junk"], ["$junk"])]);
  await put(back.chosen, { account: { id: "A" } as MailAccount, folder: folder("Notes") });
  expect(back.edits[0]!.get("1")).toEqual({ mailboxIds: { Notes: true }, keywords: { $notjunk: true } });
});

test("what a folder does not take is not put there", () => {
  const { chosen } = world("In", [letter("1", ["In"])]);
  const here = { id: "A" } as MailAccount;
  expect(folders.filter((f) => mayPut(chosen, { account: here, folder: f })).map((f) => f.id)).toEqual(["Arch", "Bin", "Junk", "Sent", "Notes"]);
  expect(mayPut({ ...chosen, folder: folder("In", "inbox", { mayRemoveItems: false }) }, { account: here, folder: folder("Notes") })).toBe(false);
});

test("another mailbox is asked about, and the way back brings the copies back to where they were", async () => {
  const to = { account: { id: "B", name: "Pharmacy", isPersonal: false } as MailAccount, folder: folder("Other") };
  const no = world("In", [letter("1", ["In"])], false);
  await put(no.chosen, to);
  expect(no.one).not.toHaveBeenCalled();
  const yes = world("In", [letter("1", ["In", "Notes"], ["$flagged"])]);
  await put(yes.chosen, to);
  expect(yes.one.mock.calls[0]![0].args).toMatchObject({ fromAccountId: "A", accountId: "B", onSuccessDestroyOriginal: true, create: { c0: { id: "1", mailboxIds: { Other: true }, keywords: { $flagged: true } } } });
  await (yes.undo.add.mock.calls[0]![1] as () => Promise<void>)();
  expect(yes.one.mock.calls[1]![0].args).toMatchObject({ fromAccountId: "B", accountId: "A", create: { c0: { id: "12", mailboxIds: { In: true, Notes: true } } } });
});

test("nothing is deleted for good without a yes", async () => {
  const no = world("Bin", [letter("1", ["Bin"])], false);
  await destroy.run(no.chosen);
  expect(no.mail.destroy).not.toHaveBeenCalled();
  expect([destroy.may(no.chosen), destroy.may(world("In", [letter("1", ["In"])]).chosen)]).toEqual([true, false]);
});
