import { expect, test } from "vitest";
import type { StateChange } from "../jmap/types.js";
import { newMail, noticeOf, pushed } from "./notices.js";

const change = (changed: StateChange["changed"]): StateChange => ({ "@type": "StateChange", changed });

test.each([
  ["a code", '{"@type":"PushVerification","pushSubscriptionId":"p1","verificationCode":"x"}', "PushVerification"],
  ["a change", '{"@type":"StateChange","changed":{"A1":{"EmailDelivery":"2"}}}', "StateChange"],
  ["no JSON", "hello", undefined],
  ["null", "null", undefined],
  ["another type", '{"@type":"Advert","changed":{}}', undefined],
  ["a change of nothing", '{"@type":"StateChange","changed":null}', undefined],
  ["a code that is none", '{"@type":"PushVerification","pushSubscriptionId":"p1","verificationCode":7}', undefined],
])("%s is read", (_, text, type) => {
  expect(pushed(text)?.["@type"]).toBe(type);
});

test.each([
  ["new mail", { A1: "1" }, { A1: { EmailDelivery: "2" } }, ["A1"], { A1: "2" }],
  ["heard for the first time", {}, { A1: { EmailDelivery: "2" } }, [], { A1: "2" }],
  ["said again", { A1: "2" }, { A1: { EmailDelivery: "2" } }, [], { A1: "2" }],
  ["something else changed", { A1: "1" }, { A1: { Email: "9" } }, [], { A1: "1" }],
  ["a mailbox that was not chosen", { A1: "1" }, { A3: { EmailDelivery: "5" } }, [], { A1: "1" }],
  ["in two mailboxes", { A1: "1", A2: "1" }, { A1: { EmailDelivery: "2" }, A2: { EmailDelivery: "3" } }, ["A1", "A2"], { A1: "2", A2: "3" }],
  ["a state that is none", { A1: "1" }, { A1: { EmailDelivery: 7 as unknown as string } }, [], { A1: "1" }],
])("%s", (_, states, changed, arrived, known) => {
  const got = newMail(change(changed), { accounts: ["A1", "A2"], states });
  expect(got.arrived).toEqual(arrived);
  expect(got.noted).toEqual({ accounts: ["A1", "A2"], states: known });
});

test("a notice has the mailbox and no more", () => {
  const words = { service: "Haven", newMail: "New mail" };
  expect(noticeOf("A1", "Pharmacy FAA01", words)).toEqual({ title: "Pharmacy FAA01", body: "New mail", tag: "A1", path: "/mail/A1" });
  expect(noticeOf("A1", undefined, words).title).toBe("Haven");
});
