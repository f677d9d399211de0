// Which conversations of a list are chosen. They are kept with what is known of them: a list forgets what nobody looks at.

import type { ThreadId } from "../../jmap/client.js";
import { threadOf, type Row } from "../../model/row.js";

export type Selection = ReadonlyMap<ThreadId, Row>;

export const noSelection: Selection = new Map();

export function toggled(s: Selection, row: Row): Selection {
  const next = new Map(s);
  if (!next.delete(threadOf(row))) next.set(threadOf(row), row);
  return next;
}

export function withRows(s: Selection, rows: readonly (Row | undefined)[]): Selection {
  const next = new Map(s);
  rows.forEach((r) => r && next.set(threadOf(r), r)); // holes are passed over
  return next;
}

/** What is chosen, as the list knows it now. */
export function current(s: Selection, rows: readonly (Row | undefined)[]): Row[] {
  const now = new Map<ThreadId, Row>();
  rows.forEach((r) => r && now.set(threadOf(r), r));
  return [...s].map(([id, row]) => now.get(id) ?? row);
}
