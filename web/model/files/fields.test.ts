import { expect, test } from "vitest";
import { fieldsOf } from "./fields.js";

const at = { subtype: "Widget", rect: [10, 10, 110, 30], fieldName: "a" };

test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
  ["a line", { fieldType: "Tx", fieldValue: "75", maxLen: 5 }, { kind: "text", value: "75", longest: 5, label: "a" }],
  ["lines", { fieldType: "Tx", multiLine: true, alternativeText: " Dose  and\nunit " }, { kind: "lines", value: "", label: "Dose and unit" }],
  ["a box that is ticked", { fieldType: "Btn", checkBox: true, exportValue: "Yes", fieldValue: "Yes" }, { kind: "check", value: true }],
  ["a box that is not", { fieldType: "Btn", checkBox: true, exportValue: "Yes", fieldValue: "Off" }, { kind: "check", value: false }],
  ["a radio button", { fieldType: "Btn", radioButton: true, buttonValue: "2", fieldValue: "2" }, { kind: "radio", value: true }],
  ["a choice", { fieldType: "Ch", combo: true, fieldValue: ["b"], options: [{ exportValue: "b", displayValue: "Both" }, { exportValue: "c" }] }, { kind: "choice", value: "b", options: [{ value: "b", label: "Both" }, { value: "c", label: "c" }] }],
])("%s can be filled in", (_, more, want) => {
  expect(fieldsOf([{ ...at, id: "1R", ...more }])).toMatchObject([want]);
});

test.each<[string, Record<string, unknown>]>([
  ["a link", { subtype: "Link" }],
  ["a button that does something", { fieldType: "Btn", pushButton: true }],
  ["what may only be read", { fieldType: "Tx", readOnly: true }],
  ["what is hidden", { fieldType: "Tx", hidden: true }],
  ["a signature", { fieldType: "Sig" }],
  ["a password", { fieldType: "Tx", password: true }],
  ["what has no size", { fieldType: "Tx", rect: [10, 10, 10, 30] }],
  ["what lies nowhere", { fieldType: "Tx", rect: [10, Number.NaN, 10, 30] }],
  ["what has no name", { fieldType: "Tx", fieldName: undefined }],
])("%s can't", (_, more) => {
  expect(fieldsOf([{ ...at, id: "1R", ...more }])).toEqual([]);
});
