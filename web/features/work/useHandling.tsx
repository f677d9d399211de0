import { useEffect, useState, type ReactNode } from "react";
import type { Handling } from "../../actions/work.js";
import type { AccountId, ThreadId } from "../../jmap/client.js";
import { useMail } from "../../ui/mail.js";
import { HandOver } from "./HandOver.js";
import { useBoard } from "./hooks.js";

/** What work commands act upon, and what they ask at the moment. undefined where nobody works together. */
export function useHandling(accountId: AccountId, threads: readonly ThreadId[], begun?: () => void): [Handling | undefined, ReactNode] {
  const mail = useMail();
  const isIn = mail.work.isIn(accountId);
  useEffect(() => {
    if (isIn) mail.work.board(accountId).look(threads);
  });
  const known = useBoard(accountId);
  const [asks, setAsks] = useState(false);
  if (!isIn) return [undefined, null];
  const items = threads.flatMap((id) => known.get(id) ?? []);
  const handling: Handling = { mail, accountId, items, ask: () => setAsks(true), ...(begun && { begun }) };
  return [handling, asks && items.length > 0 && <HandOver handling={handling} onClose={() => setAsks(false)} />];
}
