import { expect, test } from "vitest";
import { matching } from "./Picker.js";

const choices = [{ id: "1", label: "Discharge notes" }, { id: "2", label: "2026", within: "Discharge notes" }, { id: "3", label: "Archive", group: "Own" }, { id: "4", label: "Écoles" }];

test.each([
  ["", ["1", "2", "3", "4"]],
  ["no", ["1", "2"]],
  ["dis 20", ["2"]],
  ["charge", []],
  ["own", ["3"]],
  ["éc", ["4"]],
])("typed %j shows", (typed, want) => expect(matching(choices, typed).map((c) => c.id)).toEqual(want));
