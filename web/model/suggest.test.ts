import { expect, test } from "vitest";
import type { Mailbox } from "../jmap/types.js";
import { suggestionsFor } from "./suggest.js";

const folders = ["Inbox", "Discharge notes"].map((name) => ({ name })) as Mailbox[];
const now = new Date(2026, 2, 5, 9);

test.each([
  ["", ["from:", "to:", "subject:", "has:", "is:", "in:", "after:", "before:"]],
  ["metformin ", ["metformin from:", "metformin to:", "metformin subject:", "metformin has:", "metformin is:", "metformin in:", "metformin after:", "metformin before:"]],
  ["f", ["from:"]],
  ["amoxi", []],
  ["x -fr", ["x -from:"]],
  ["is:un", ["is:unread "]],
  ["is:unread", []],
  ["in:", ["in:Inbox ", 'in:"Discharge notes" ']],
  ['in:"dis', ['in:"Discharge notes" ']],
  ["from:anna", []],
  ["after:", ["after:2026-03-04 ", "after:2026-02-26 ", "after:2026-02-03 ", "after:2025-03-05 "]],
])("after %j come %j", (text, want) => expect(suggestionsFor(text, folders, now).map((s) => s.text)).toEqual(want));
