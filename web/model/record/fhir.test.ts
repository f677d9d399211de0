import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { base64, documentReference, mostWithin, odsOf, type Facts } from "./fhir.js";

const sha1 = async (octets: Uint8Array) => new Uint8Array(createHash("sha1").update(octets).digest());

const pdf = { name: "letter.pdf", type: "application/pdf" as const, octets: new TextEncoder().encode("%PDF-1.7") };
const facts = (more: Partial<Facts> = {}): Facts => ({
  nhsNumber: "9434765919", reference: "PMR 4711", subject: "Discharge", from: [{ name: "Dr Lee", email: "lee@ward.test" }], messageId: "a/1@ward.test", sentAt: "2026-11-27T13:00:00Z",
  at: "2026-11-27T14:02:00Z", mailbox: "Pharmacy FAA01 (Birch, Leeds)", kind: "letter", forms: [pdf], ...more,
});

type Node = Record<string, unknown>;
const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/** What is wrong with a DocumentReference by R4: elements that it has not, cardinality, codes of required value sets, and the types of values. */
function faults(d: Node): string[] {
  const wrong: string[] = [];
  const is = (what: string, ok: unknown) => void (ok || wrong.push(what));
  const only = (what: string, node: unknown, names: string[]) => {
    for (const name of Object.keys((node ?? {}) as Node)) is(`${what}.${name} is no element`, names.includes(name));
    is(`${what} is empty`, node && Object.values(node as Node).every((v) => v !== undefined && v !== "" && v !== null && !(Array.isArray(v) && v.length === 0)));
  };
  const identifier = (what: string, node: unknown) => only(what, node, ["use", "type", "system", "value", "period", "assigner"]);
  const reference = (what: string, node: unknown) => {
    only(what, node, ["reference", "type", "identifier", "display"]);
    is(`${what} refers to nothing`, (node as Node).reference || (node as Node).identifier || (node as Node).display);
    if ((node as Node).identifier) identifier(`${what}.identifier`, (node as Node).identifier);
  };
  only("DocumentReference", d, [
    "resourceType", "id", "meta", "text", "masterIdentifier", "identifier", "status", "docStatus", "type", "category", "subject", "date", "author", "authenticator", "custodian", "relatesTo", "description",
    "securityLabel", "content", "context",
  ]);
  is("resourceType", d.resourceType === "DocumentReference");
  is("status 1..1", ["current", "superseded", "entered-in-error"].includes(d.status as string));
  is("docStatus", ["preliminary", "final", "amended", "entered-in-error"].includes(d.docStatus as string));
  is("date is an instant", instant.test(d.date as string));
  const coding = (d.type as { coding: Node[] }).coding;
  is("type", coding.every((c) => c.system === "http://snomed.info/sct" && /^\d{6,18}$/.test(c.code as string) && c.display));
  reference("subject", d.subject);
  for (const a of (d.author as Node[] | undefined) ?? []) reference("author", a);
  reference("custodian", d.custodian);
  if (d.masterIdentifier) identifier("masterIdentifier", d.masterIdentifier);
  const content = d.content as { attachment: Node }[];
  is("content 1..*", content.length >= 1);
  for (const c of content) {
    only("content", c, ["attachment", "format"]);
    only("attachment", c.attachment, ["contentType", "language", "data", "url", "size", "hash", "title", "creation"]);
    is("att-1: data has a contentType", !c.attachment.data || c.attachment.contentType);
    is("data or url", c.attachment.data || c.attachment.url);
    is("size is an unsignedInt", Number.isInteger(c.attachment.size) && (c.attachment.size as number) >= 0);
    is("data is base64", !c.attachment.data || /^[A-Za-z0-9+/]+={0,2}$/.test(c.attachment.data as string));
    is("hash is a SHA-1", !c.attachment.hash || Buffer.from(c.attachment.hash as string, "base64").length === 20);
    is("creation is a dateTime", instant.test(c.attachment.creation as string));
  }
  const context = d.context as { period: { start: string; end: string }; related?: Node[] };
  only("context", context, ["encounter", "event", "period", "facilityType", "practiceSetting", "sourcePatientInfo", "related"]);
  is("per-1", context.period.start <= context.period.end);
  for (const r of context.related ?? []) reference("related", r);
  return wrong;
}

/** As a system reads it. */
const read = async (f: Facts) => JSON.parse(JSON.stringify(await documentReference(f, sha1))) as Node;

test("it is a DocumentReference of the patient", async () => {
  const d = await read(facts());
  expect(faults(d)).toEqual([]);
  expect(d.subject).toEqual({ type: "Patient", identifier: { system: "https://fhir.nhs.uk/Id/nhs-number", value: "9434765919" } });
  expect(d.custodian).toMatchObject({ identifier: { system: "https://fhir.nhs.uk/Id/ods-organization-code", value: "FAA01" } });
  expect(d.masterIdentifier).toEqual({ system: "urn:ietf:rfc:3986", value: "mid:a%2F1@ward.test" });
  const [{ attachment }] = d.content as [{ attachment: Node }];
  expect(Buffer.from(attachment.data as string, "base64").toString()).toBe("%PDF-1.7");
  expect(attachment.hash).toBe(createHash("sha1").update(pdf.octets).digest("base64"));
  expect(attachment.size).toBe(8);
});

test.each<[string, Partial<Facts>]>([
  ["without a reference", { reference: "" }],
  ["from nobody, with no subject and no Message-ID", { from: null, subject: "", messageId: undefined }],
  ["in a personal mailbox", { mailbox: "Aisha Rahman" }],
  ["of a discharge", { kind: "discharge" }],
  ["in two forms", { forms: [pdf, { name: "letter.eml", type: "message/rfc822", octets: new Uint8Array([1, 2, 3]) }] }],
])("it is one %s", async (_, more) => {
  expect(faults(await read(facts(more)))).toEqual([]);
});

test("the checks find faults", () => {
  expect(faults({ resourceType: "DocumentReference", status: "done", type: { coding: [] }, subject: {}, custodian: { display: "x" }, content: [], colour: "red", context: { period: { start: "b", end: "a" } } }).length).toBeGreaterThan(5);
});

test("what is large is named and lies beside", async () => {
  const d = await read(facts({ forms: [{ ...pdf, name: "a letter.pdf", octets: new Uint8Array(mostWithin + 1) }] }));
  expect(faults(d)).toEqual([]);
  expect((d.content as { attachment: Node }[])[0]?.attachment).toMatchObject({ url: "a%20letter.pdf", size: mostWithin + 1 });
});

test("base64 of many octets", () => {
  for (const n of [0, 1, 2, 3, 0x6000, 0x6001, 100_000]) {
    const octets = Uint8Array.from({ length: n }, (_, i) => i % 251);
    expect(base64(octets)).toBe(Buffer.from(octets).toString("base64"));
  }
});

test.each([["Pharmacy FAA01 (Birch, Leeds)", "FAA01"], ["Aisha Rahman", undefined], ["Pharmacy fAA01 (x)", undefined], ["Elder Lane Surgery", undefined]])("the code in %j", (name, code) => {
  expect(odsOf(name)).toBe(code);
});
