// Lines of a list by who handles the conversations (docs/jmap-work.md 2.3).

import { call, type MailboxId, type ThreadId } from "../jmap/client.js";
import { listed, type Listed } from "../model/row.js";
import { rowsOf, type Source } from "./list.js";

/** Lines of a view of a folder. What is new, and all by date, stands by when it is due, and what has no deadline after that, the newest first. */
export const workRows: Source = async (server, { accountId, folder, view }, position, limit) => {
  const query = call("WorkItem/query", {
    accountId,
    filter: { ...(view && { view: view === "due" ? "all" : view }), ...(folder && { inMailbox: folder }) },
    sort: [view === "unassigned" || view === "due" ? { property: "dueAt", isAscending: true } : { property: "receivedAt", isAscending: false }],
    calculateTotal: true,
    position,
    limit,
  });
  const threads = call("Thread/get", { accountId, "#ids": query.ref("/ids") });
  const emails = call("Email/get", { accountId, "#ids": threads.ref("/list/*/emailIds"), properties: listed });
  const { answers } = await server.send([query, threads, emails]);
  const [found, whole, got] = answers;
  if (found instanceof Error) throw found;
  if (whole instanceof Error) throw whole;
  let letters: Listed[];
  if (!(got instanceof Error)) letters = got.list;
  else { // the conversations are too long to be told of together: the last letter stands for each
    const ids = whole.list.flatMap((t) => t.emailIds.slice(-1));
    letters = (await server.one(call("Email/get", { accountId, ids, properties: listed }))).list;
  }
  return { total: found.total ?? found.ids.length, rows: rowsOf(accountId, newest(letters, found.ids, folder), letters) };
};

/** The newest letter of each conversation, in the folder where it has one there. */
function newest(letters: readonly Listed[], threads: readonly ThreadId[], folder: MailboxId | undefined): Listed[] {
  const best = new Map<ThreadId, Listed>();
  const here = (e: Listed) => folder === undefined || e.mailboxIds[folder] === true;
  for (const e of letters) {
    const was = best.get(e.threadId);
    if (!was || (here(e) && !here(was)) || (here(e) === here(was) && e.receivedAt > was.receivedAt)) best.set(e.threadId, e);
  }
  return threads.flatMap((id) => best.get(id) ?? []);
}
