import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { grouped, nhsNumber, numbersIn } from "./patient.js";

// The service reads the same numbers (nhsnumber_test.go).
const cases = JSON.parse(readFileSync(join(import.meta.dirname, "../../testdata/nhs-numbers.json"), "utf8")) as { says: string; written: string; number: string }[];

test.each(cases)("an NHS number: $says", ({ written, number }) => {
  const read = nhsNumber(written);
  expect("number" in read ? read.number : "").toBe(number);
});

test.each([
  ["", "empty"], [" ", "empty"], ["943", "length"], ["94347659190", "length"], ["943 476 59I9", "signs"], ["9991234567", "misfit"], ["4444444444", "misfit"],
])("what is wrong with %j is %s", (written, wrong) => {
  expect(nhsNumber(written)).toEqual({ wrong });
});

test("numbers are found in a letter", () => {
  expect(numbersIn("Mrs Birch, NHS No: 943 476 5919, born 1.2.1950. (9434765919) Tel. 01134960000, +44 113 496 0000. Ref 9991234567; 999-000-0018.")).toEqual(["9434765919", "9990000018"]);
  expect(numbersIn("19434765919 94347659190")).toEqual([]);
  expect(grouped("9434765919")).toBe("943 476 5919");
});
