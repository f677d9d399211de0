import { beforeEach, expect, test, vi } from "vitest";
import { emptyContent, type Content } from "../model/content.js";
import { Drafts } from "./drafts.js";
import type { Ground } from "./draft.js";

type Asked = { name: string; args: Record<string, any> };

/** A service with two mailboxes; A's drafts and B's. */
function service(refuses = false) {
  const asked: Asked[] = [];
  let last = 0;
  const answer = (c: Asked): object => {
    asked.push(c);
    const { create, blobIds } = c.args;
    if (c.name === "Blob/copy") return { copied: Object.fromEntries((blobIds as string[]).map((b) => [b, `${b}-there`])), notCopied: null };
    if (c.name === "Email/get") return { list: [] };
    if (create?.draft && refuses && c.args.accountId === "B") return { created: null, notCreated: { draft: { type: "overQuota", description: "Full." } } };
    return { created: create?.draft ? { draft: { id: `M${++last}` } } : null, notCreated: null };
  };
  const server = { session: { accounts: {} }, one: async (c: Asked) => answer(c), request: async (calls: Asked[]) => calls.map(answer) };
  const ground = { server, folders: async () => [{ id: "D", role: "drafts" }], identities: async (id: string) => [{ id: `I${id}`, name: id, email: `${id}@haven.test` }] } as unknown as Ground;
  return { drafts: new Drafts(ground), asked };
}

beforeEach(() => void vi.stubGlobal("location", { hostname: "haven.test" }));

const content = { ...emptyContent, subject: "List", files: [{ key: "1", name: "list", type: "text/plain", size: 1, blobId: "Bfile" }] };

test("a letter goes over to another mailbox with its files, and stays in the first one no more", async () => {
  const { drafts, asked } = service();
  const here = (await drafts.begin("A", content))!;
  here.change({ subject: "The list" });
  await here.save();
  const before = here.emailId;
  await drafts.transfer(here, "B", () => ({ identityId: "IB" }));
  const there = drafts.snapshot().draft!;
  expect([there.accountId, there.origin, there.messageId]).toEqual(["B", "A", here.messageId]);
  const made = asked.find((c) => c.name === "Email/set" && c.args.accountId === "B" && c.args.create)!.args.create.draft;
  expect([made.subject, made.from[0].email, made.attachments[0].blobId]).toEqual(["The list", "B@haven.test", "Bfile-there"]);
  expect(asked.at(-1)!.args).toEqual({ accountId: "A", destroy: [before] });
});

test("where the other mailbox refuses it, it stays where it was", async () => {
  const { drafts, asked } = service(true);
  const here = (await drafts.begin("A", content))!;
  here.change({});
  await here.save();
  await expect(drafts.transfer(here, "B", () => ({}))).rejects.toThrow("Full.");
  expect(drafts.snapshot().draft).toBe(here);
  expect(asked.some((c) => c.args.accountId === "A" && c.args.destroy?.length)).toBe(false);
});

test("what is written on while it goes over is not lost", async () => {
  const { drafts } = service();
  const here = (await drafts.begin("A", content))!;
  here.change({ subject: "The list" });
  const change = vi.fn(({ text }: Content) => ({ identityId: "IB", text: { ...text, own: `${text.own}\nShop` } }));
  change.mockImplementationOnce(() => {
    queueMicrotask(() => here.typed(() => "Two tablets"));
    return { identityId: "IB", text: emptyContent.text };
  });
  await drafts.transfer(here, "B", change);
  const there = drafts.snapshot().draft!;
  expect([there.accountId, there.snapshot().content.text, there.isUnsaved]).toEqual(["B", { ...emptyContent.text, own: "Two tablets\nShop" }, true]);
});
