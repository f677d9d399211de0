import { expect, test } from "vitest";
import { leadsTo, linkOf, mailtoOf, otherPlace } from "./links.js";

test.each([
  ["https://a.test/x", "https://a.test/x"], [" HTTPS://A.test ", "https://a.test/"], ["https:a.test", "https://a.test/"], ["http:\\\\a.test\\b", "http://a.test/b"], ["tel:+441134960000", "+441134960000"],
  ["mailto:ben@pharmacy.test?subject=x", "ben@pharmacy.test"], ["https://пример.test/", "https://xn--e1afmkfd.test/"],
])("%s leads to %s", (href, want) => expect(leadsTo(linkOf(href) as URL)).toBe(want));

test.each(["/log-out", "//a.test", "javascript:alert(1)", "java\nscript:x", "data:text/html,x", "blob:https://a.test/1", "file:///etc", "#part", "", "https:", "https://", "intent://x", "vbscript:x", "view-source:https://a.test"])(
  "%j leads nowhere",
  (href) => expect(linkOf(href)).toBeUndefined(),
);

test.each([
  ["www.nhs.uk", "https://evil.test/nhs.uk", "evil.test"],
  ["https://www.nhs.uk/login", "https://nhs.uk.evil.test/", "nhs.uk.evil.test"],
  ["See www.nhs.uk/vaccines now", "https://evil.test", "evil.test"],
  ["nhs.uk", "https://nhs.uk@evil.test/", "evil.test"],
  ["nhs.uk", "https://www.nhs.uk/a", undefined],
  ["www.nhs.uk", "https://nhs.uk/", undefined],
  ["services.nhs.uk", "https://nhs.uk/", undefined],
  ["Open the form", "https://a.test", undefined],
  ["ben@nhs.uk", "https://a.test", undefined],
  ["version 2.5 of it", "https://a.test", undefined],
  ["NHS.UK.", "https://evil.test", "evil.test"],
  ["пример.test", "https://xn--e1afmkfd.test/", undefined],
  ["nhs.uk", "mailto:a@b.test", undefined],
])("%s to %s", (text, href, want) => expect(otherPlace(text, new URL(href))).toBe(want));

test("a letter that a link asks for has recipients, subject and text, and nothing else", () => {
  expect(mailtoOf(new URL("mailto:a@x.test,b%40y.test?cc=c@z.test&bcc=d@x.test&subject=Hello%20you%0d%0aBcc:x&body=1%0A2&attach=/etc/passwd"))).toEqual({
    to: ["a@x.test", "b@y.test"], cc: ["c@z.test"], subject: "Hello you Bcc:x", body: "1\n2",
  });
  expect(mailtoOf(new URL("mailto:%E0%A4%A?subject=%zz"))).toEqual({ to: [], cc: [], subject: "%zz", body: "" });
});
