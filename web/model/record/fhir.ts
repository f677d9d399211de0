// A letter as a DocumentReference of FHIR R4 (hl7.org/fhir/R4/documentreference.html), for systems that take patients' documents in.

import type { EmailAddress } from "../../jmap/types.js";

/** A form of the letter. */
export interface Form {
  name: string;
  type: "application/pdf" | "message/rfc822";
  octets: Uint8Array;
}

export interface Facts {
  nhsNumber: string;
  /** The number of the record at the place. */
  reference: string;
  subject: string;
  from: readonly EmailAddress[] | null;
  messageId: string | undefined;
  sentAt: string;
  /** When it is filed. */
  at: string;
  /** The mailbox that it came to. */
  mailbox: string;
  kind: Kind;
  /** What the files are. */
  forms: readonly Form[];
}

/** What a letter is, of what the mailbox's filters call letters. */
export type Kind = "letter" | "discharge" | "referral";

// Of SNOMED CT's UK edition, as UK Core has document types.
const kinds = {
  letter: { code: "823691000000103", display: "Clinical letter" },
  discharge: { code: "823701000000103", display: "Discharge letter" },
  referral: { code: "25611000000107", display: "Referral letter" },
};

const odsCode = /^Pharmacy (F[AC-HJ-NP-RTV-Y][0-9AC-HJ-NP-RTV-Y][0-9]{2}) \(/; // Rules 1 and 2

/** The code of the premises in a mailbox's name; undefined where it has none. */
export function odsOf(mailbox: string): string | undefined {
  return odsCode.exec(mailbox)?.[1];
}

/** More octets than this are named and not put into the document. */
export const mostWithin = 20_000_000;

type Json = string | number | boolean | Json[] | { [name: string]: Json | undefined };

/** The document. sha1 gives the digest that FHIR asks for, or nothing where the browser has none. */
export async function documentReference(f: Facts, sha1: (octets: Uint8Array) => Promise<Uint8Array | undefined>): Promise<{ [name: string]: Json | undefined }> {
  const ods = odsOf(f.mailbox);
  const title = f.subject;
  const author = (f.from ?? []).map((a) => ({ display: a.name ? `${a.name} <${a.email}>` : a.email }));
  return {
    resourceType: "DocumentReference",
    ...(f.messageId && { masterIdentifier: { system: "urn:ietf:rfc:3986", value: `mid:${encodeURIComponent(f.messageId).replace(/%40/g, "@")}` } }), // RFC 2392
    status: "current",
    docStatus: "final",
    type: { coding: [{ system: "http://snomed.info/sct", ...kinds[f.kind] }] },
    subject: { type: "Patient", identifier: { system: "https://fhir.nhs.uk/Id/nhs-number", value: f.nhsNumber } },
    date: f.at,
    ...(author.length > 0 && { author }),
    custodian: { type: "Organization", display: f.mailbox, ...(ods && { identifier: { system: "https://fhir.nhs.uk/Id/ods-organization-code", value: ods } }) },
    ...(title && { description: title }),
    content: await Promise.all(f.forms.map((form) => content(form, title, f.sentAt, sha1))),
    context: {
      period: { start: f.sentAt, end: f.sentAt },
      ...(f.reference && { related: [{ identifier: { value: f.reference, ...(ods && { assigner: { identifier: { system: "https://fhir.nhs.uk/Id/ods-organization-code", value: ods } } }) } }] }),
    },
  };
}

async function content(form: Form, title: string, creation: string, sha1: (octets: Uint8Array) => Promise<Uint8Array | undefined>): Promise<Json> {
  const digest = await sha1(form.octets);
  const within = form.octets.length <= mostWithin;
  return {
    attachment: {
      contentType: form.type,
      ...(within ? { data: base64(form.octets) } : { url: encodeURIComponent(form.name) }), // a file that lies beside
      size: form.octets.length,
      ...(digest && { hash: base64(digest) }),
      title: title || form.name,
      creation,
    },
  };
}

const step = 0x6000; // a multiple of three, so that pieces follow each other without padding

export function base64(octets: Uint8Array): string {
  let out = "";
  for (let at = 0; at < octets.length; at += step) out += btoa(String.fromCharCode(...octets.subarray(at, at + step)));
  return out;
}
