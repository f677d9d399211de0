import { expect, test } from "vitest";
import { resembles, resultsOf, verdictOf, type Facts } from "./verdict.js";

const outside = "from mx.surgery.test ([192.0.2.1])\r\n\tby mail.haven.test (Haven) with ESMTPS id 1abc\r\n\tfor <a@haven.test>;\r\n\tFri, 27 Nov 2026 20:33:49 +0000";
const inside = "by mail.haven.test (Haven) with ESMTPSA id 1abc (using TLS 1.3) for <a@haven.test>; Fri, 27 Nov 2026 20:37:08 +0000";
const letter = (results: string[], more: Partial<Facts> = {}) =>
  verdictOf({ from: [{ name: "Ward 12", email: "ward12@surgery.test" }], received: [outside], results, junk: null, ours: ["haven.test"], ...more });
const own = (rest: string) => [`mail.haven.test;\r\n\t${rest}`];

test.each([
  ["spf=pass smtp.mailfrom=ward12@surgery.test; dkim=none; dmarc=pass header.from=surgery.test policy.published-domain-policy=reject", "proven"],
  ["spf=pass smtp.mailfrom=ward12@surgery.test; dkim=none; dmarc=none header.from=surgery.test", "proven"],
  ["spf=pass smtp.mailfrom=bounce@mail.surgery.test; dkim=none", "proven"],
  ["spf=none smtp.mailfrom=x@other.test; dkim=pass header.d=surgery.test header.s=1; dmarc=none header.from=surgery.test", "proven"],
  ["spf=pass smtp.mailfrom=ward12@bulk.test; dkim=pass header.d=bulk.test; dmarc=none header.from=surgery.test", "unproven"],
  ["spf=pass smtp.mailfrom=ward12@bulk.test; dkim=pass header.d=test; dmarc=none header.from=surgery.test", "unproven"],
  ["spf=none smtp.mailfrom=ward12@surgery.test; dkim=none; dmarc=none header.from=surgery.test", "unproven"],
  ["spf=pass smtp.mailfrom=x@bulk.test; dkim=none; dmarc=fail header.from=surgery.test policy.published-domain-policy=none", "failed"],
  ["spf=pass smtp.mailfrom=x@surgery.test; dmarc=fail header.from=other.test; dmarc=pass header.from=surgery.test", "failed"],
  ["spf=temperror smtp.mailfrom=ward12@surgery.test; dkim=none; dmarc=temperror header.from=surgery.test", "unchecked"],
  ["spf=none (no record; really) smtp.mailfrom=\"odd; name\"@surgery.test; dkim=fail header.d=surgery.test", "unproven"],
])("%s is %s", (rest, proof) => expect(letter(own(rest))).toEqual({ origin: "outside", proof, domain: "surgery.test" }));

test("only what the service itself says counts", () => {
  expect(letter(["mx.surgery.test; dmarc=pass header.from=surgery.test"]).proof).toBe("unchecked");
  expect(letter(["(mail.haven.test) evil.test; dmarc=pass"]).proof).toBe("unchecked");
  expect(letter([...own("dmarc=fail header.from=surgery.test"), "evil.test; dmarc=pass"]).proof).toBe("failed");
  expect(letter([]).proof).toBe("unchecked");
});

test("of whom a letter is from that was put into the folder nothing is said", () => {
  for (const received of [null, [], ["from a by mx.other.test with ESMTPSA id 1; Fri"], ["from x by mx.other.test with ESMTP id 1", inside]]) {
    expect(letter(own("dmarc=pass"), { received })).toEqual({ origin: "unknown", domain: "surgery.test" });
  }
});

test("who signed in here is inside", () => {
  expect(letter([], { received: [inside, outside] }).origin).toBe("inside");
  expect(letter([], { received: [inside.replace("ESMTPSA", "HTTP")] }).origin).toBe("inside");
  expect(letter([], { received: [outside, inside] }).origin).toBe("outside");
  expect(letter([], { received: ["from x (y) by mail.haven.test (Haven) with ESMTP id 2; by mail.haven.test (Haven) with ESMTPSA id 1"] }).origin).toBe("outside");
});

test("what the service found forged is told", () => {
  const v = letter(own("dmarc=none header.from=haven.test"), { from: [{ name: null, email: "ben@haven.test" }], junk: "junk.forged; The letter came from outside" });
  expect(v).toMatchObject({ forged: true, proof: "unproven", domain: "haven.test" });
  expect(letter([], { junk: "junk.dmarc; The letter fails" }).forged).toBeUndefined();
});

test("a name that shows another address is told", () => {
  const named = (name: string) => letter([], { from: [{ name, email: "x@evil.test" }] }).namedOther;
  expect(named("Ben <ben@haven.test>")).toBe("ben@haven.test");
  expect(named("x@evil.test")).toBeUndefined();
  expect(named("X@EVIL.test")).toBeUndefined();
  expect(named("Ward 12 @ St James")).toBeUndefined();
});

test.each([
  ["haven.test", false], ["mail.haven.test", false], ["surgery.test", false], ["haven.test.evil.test", true], ["haven-test.evil.test", true], ["h4ven.test", true], ["havem.test", true], ["hаven.test", true],
  ["xn--hven-63d.test", true], ["ha-ven.test", true], ["haevn.test", true], ["haven.text", true], ["harbour.test", false], ["", false], ["haven.org", false],
])("%s looks like haven.test: %s", (domain, want) => expect(resembles(domain, "haven.test")).toBe(want));

test("a field is read by the standard, or not at all", () => {
  expect(resultsOf('a.test 1; spf=pass (x \\) y) smtp.mailfrom="a\\"b" ; none ; dkim/1 = fail reason="no; really" header.d=x.test ')).toEqual({
    by: "a.test",
    results: [{ method: "spf", result: "pass", properties: { "smtp.mailfrom": 'a"b' } }, { method: "dkim", result: "fail", properties: { reason: "no; really", "header.d": "x.test" } }],
  });
  for (const wrong of ["", "  ", "(a", 'a.test; spf="pass', "=x"]) expect(resultsOf(wrong)).toBeUndefined();
});
