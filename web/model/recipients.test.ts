import { expect, test } from "vitest";
import type { Principal } from "../jmap/types.js";
import { acquaintances, begins, suggestionsOf, type Correspondence } from "./recipients.js";

const person = (name: string, more: Partial<Principal> = {}): Principal => ({
  id: name as Principal["id"], type: "individual", name, description: null, email: `${name.split(" ")[0]?.toLowerCase()}@haven.test`, timeZone: null, capabilities: {}, accounts: null, ...more,
});
const to = (...emails: string[]) => ({ id: "M", from: null, to: emails.map((email) => ({ name: null, email })), cc: null, bcc: null, receivedAt: "" }) as unknown as Correspondence;

test.each([
  ["ben", "Ben Whitlock", true], ["whit be", "Ben Whitlock", true], ["ock", "Ben Whitlock", false], ["jose", "José Núñez", true], ["o'd", "Hugh O'Dowd", true], ["", "x", false], ["ben@haven", "ben@haven.test", true],
])("%s begins words of %s: %s", (typed, text, want) => expect(begins(typed, text)).toBe(want));

test("those whom one writes to often and lately come first, and oneself not at all", () => {
  const sent = [to("new@x.example", "shop@x.example"), to("often@x.example"), to("OFTEN@x.example"), to("old@x.example")];
  const came = [{ ...to(), from: [{ name: "Often", email: "often@x.example" }] } as Correspondence];
  expect(acquaintances(sent, came, ["Shop@x.example"])).toEqual([
    { name: "Often", email: "often@x.example" }, { name: null, email: "new@x.example" }, { name: null, email: "old@x.example" },
  ]);
});

test("namesakes are told apart, known people come first, and nobody stands there twice", () => {
  const one = person("Ben Whitlock", { description: "pharmacist; BEESTON HILL" });
  const two = person("Ben Whitlock", { description: "dispenser; BOOTS", email: "ben2@haven.test" });
  const found = suggestionsOf("ben", [{ name: null, email: "BEN2@haven.test" }, { name: "Benedict", email: "b@gp.example" }], [one, two], []);
  expect(found.map((s) => [s.address.email, s.address.name, s.about])).toEqual([
    ["ben2@haven.test", "Ben Whitlock", "dispenser; BOOTS"],
    ["b@gp.example", "Benedict", null],
    ["ben@haven.test", "Ben Whitlock", "pharmacist; BEESTON HILL"],
  ]);
  expect(suggestionsOf("ben", [], [one, two], [{ name: null, email: "Ben@haven.test" }])).toHaveLength(1);
  expect(suggestionsOf("boots", [], [one, two], [])).toHaveLength(1);
});
