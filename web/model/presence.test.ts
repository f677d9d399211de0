import { expect, test } from "vitest";
import type { WorkPresence } from "../jmap/types.js";
import { othersAt } from "./presence.js";

const now = Date.parse("2026-11-27T09:00:00Z");
const at = (person: string, doing: WorkPresence["doing"], seconds = 20, threadId = "T1"): WorkPresence => ({
  id: `${threadId}-${person}`, threadId, person, personName: person.slice(1), doing, until: new Date(now + 1000 * seconds).toISOString(),
});

test.each([
  ["others, who writes first", [at("Aben", "viewing"), at("Acara", "writing")], ["cara", "ben"]],
  ["not oneself", [at("Aaisha", "writing")], []],
  ["not who is elsewhere", [at("Aben", "viewing", 20, "T2")], []],
  ["not what has run out", [at("Aben", "viewing", 0), at("Acara", "viewing", -30)], []],
])("there are %s", (_, all, want) => expect(othersAt(all, "T1", "Aaisha", now).map((h) => h.name)).toEqual(want));
