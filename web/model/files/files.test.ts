import { strToU8, zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { calendarOf, cardsOf, lastDay, linesOf, momentOf } from "./cards.js";
import { kindBy, kindOf, sizeOfPicture } from "./kinds.js";
import { most } from "./parts.js";
import { placeOf, sheetOfCSV, sheetsOfOffice, sheetsOfOpenDocument, shown } from "./sheets.js";
import { decodedText, textOfOpenDocument, textOfRTF, textOfSlides } from "./texts.js";
import { filesOfTnef } from "./tnef.js";
import { readXML } from "./xml.js";
import { safeName, textsOf, TooBig, unpacked, zipped } from "./zip.js";

const bytes = (...octets: number[]) => new Uint8Array(octets);

describe("as what a file is shown", () => {
  test.each([
    ["application/pdf", "x.exe", "pdf"], ["application/octet-stream", "Plan.DOCX", "word"], ["application/octet-stream", "x", "unknown"], ["text/plain", "list.csv", "csv"], ["text/plain", "run.js", "text"], ["text/plain; charset=x", null, "text"],
    ["image/svg+xml", "x.svg", "text"], ["text/html", "x.html", "text"], ["application/ms-tnef", null, "tnef"], ["application/octet-stream", "WINMAIL.DAT", "tnef"], ["message/rfc822", null, "letter"], ["application/msword", "x.doc", "oldOffice"],
    ["image/HEIC", "x", "heic"], ["application/zip", "x.zip", "archive"], ["audio/mpeg", "x", "sound"], ["application/x-msdownload", "setup.exe", "program"], ["application/octet-stream", "a.b.unknown", "unknown"],
  ])("%s, %s: %s", (type, name, want) => expect(kindOf(type, name)).toBe(want));

  test.each([
    ["word", bytes(0x25, 0x50, 0x44, 0x46), "pdf"], ["pdf", bytes(0x50, 0x4b, 3, 4), "archive"], ["word", bytes(0x50, 0x4b, 3, 4), "word"], ["word", bytes(0xd0, 0xcf, 0x11, 0xe0), "locked"], ["unknown", bytes(0xd0, 0xcf, 0x11, 0xe0), "oldOffice"],
    ["text", bytes(0x4d, 0x5a), "program"], ["picture", bytes(0x49, 0x49, 0x2a, 0), "tiff"], ["pdf", strToU8("hello"), "text"], ["sheet", bytes(0, 1, 2), "unknown"], ["text", bytes(1, 0, 2), "unknown"], ["text", bytes(0xff, 0xfe, 0x41, 0), "text"],
    ["unknown", strToU8("{\\rtf1"), "rtf"], ["oldOffice", strToU8("{\\rtf1"), "rtf"], ["picture", strToU8("<svg/>"), "picture"], ["heic", strToU8("\0\0\0\x18ftypheic"), "heic"],
  ] as const)("%s that begins with %j: %s", (said, octets, want) => expect(kindBy(octets, said)).toBe(want));

  test("how large a picture is", () => {
    const png = new Uint8Array(24);
    png.set([0x89, 0x50, 0x4e, 0x47]);
    new DataView(png.buffer).setUint32(16, 90_000);
    new DataView(png.buffer).setUint32(20, 80_000);
    expect(sizeOfPicture(png)).toEqual([90_000, 80_000]);
    expect(sizeOfPicture(bytes(0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc2, 0, 11, 8, 0, 7, 0, 9))).toEqual([9, 7]);
    expect(sizeOfPicture(bytes(0x47, 0x49, 0x46, 0x38, 0x39, 0x61, 5, 0, 6, 0))).toEqual([5, 6]);
    expect(sizeOfPicture(bytes(0xff, 0xd8, 0xff))).toBeUndefined();
    expect(sizeOfPicture(bytes())).toBeUndefined();
  });
});

describe("XML", () => {
  test("names, attributes, text", () => {
    const said: unknown[] = [];
    readXML(`<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "y">]><w:a b='1&amp;2' c:d="&#x41;">&lt;&x;<![CDATA[<&]]><!-- <z> --><e/></w:a>`, { open: (n, a) => said.push([n, a]), close: (n) => said.push(`/${n}`), text: (t) => t.trim() && said.push(t) });
    expect(said.filter((s) => s !== "]>")).toEqual([["a", { b: "1&2", d: "A" }], "<&x;", "<&", ["e", {}], "/e", "/a"]);
  });
  test("what never ends ends", () => {
    const began = performance.now();
    for (const part of ["<", "<a ", "<!--", "<![CDATA[", "<a b=", "&"]) readXML(part.repeat(300_000), { open: () => {}, text: () => {} });
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});

describe("tables", () => {
  test.each([["A1", [0, 0]], ["AB12", [11, 27]], ["x", undefined], ["A0B", undefined]] as const)("%s", (r, want) => expect(placeOf(r)).toEqual(want));
  test.each([
    ["46353", "date", "27/11/2026"], ["46353.5", "moment", "27/11/2026 12:00"], ["0.75", "time", "18:00"], ["0.125", "percent", "12.5%"], ["0.1", "plain", "0.1"], ["1.10000000000000001", "plain", "1.1"], ["x", "date", "x"], ["-5", "date", "-5"],
    ["1", "date", "01/01/1900"], ["61", "date", "01/03/1900"],
  ] as const)("%s as %s is %s", (value, format, want) => expect(shown(value, format)).toBe(want));

  const office = (sheet: string, more: [string, string][] = []) =>
    sheetsOfOffice(new Map([["xl/workbook.xml", '<workbook><sheets><sheet name="One" r:id="r1"/></sheets></workbook>'], ["xl/_rels/workbook.xml.rels", '<Relationships><Relationship Id="r1" Target="worksheets/s.xml"/></Relationships>'], ["xl/worksheets/s.xml", sheet], ...more]));
  test("of an .xlsx file", () => {
    const strings = "<sst><si><t>a</t></si><si><r><t>b</t></r><r><t>c</t></r><rPh><t>no</t></rPh></si></sst>";
    const [one] = office('<sheetData><row r="2"><c r="B2" t="s"><v>1</v></c><c><v>5</v></c><c r="E2" t="b"><v>1</v></c><c t="e"><v>#REF!</v></c></row></sheetData>', [["xl/sharedStrings.xml", strings]]);
    expect(one).toEqual({ name: "One", rows: [[], ["", "bc", "5", "", "TRUE", "#REF!"]], cut: false });
  });
  test("that is longer than is shown is cut, and says so", () => {
    const [one] = office(`<sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="${most.rows + 1}"><c><v>2</v></c></row></sheetData>`);
    expect(one).toMatchObject({ rows: [["1"]], cut: true });
    expect(() => sheetsOfOffice(new Map())).toThrow();
  });
  test("of an .ods file; what is repeated without end is not", () => {
    const cell = (text: string, more = "") => `<table:table-cell ${more}><text:p>${text}</text:p></table:table-cell>`;
    const xml = `<table:table table:name="T"><table:table-row>${cell("a")}${cell("b", 'table:number-columns-repeated="2"')}</table:table-row><table:table-row table:number-rows-repeated="1048576">${cell("x", 'table:number-columns-repeated="16384"')}</table:table-row></table:table>`;
    const began = performance.now();
    const [one] = sheetsOfOpenDocument(new Map([["content.xml", xml]]));
    expect(one?.rows[0]).toEqual(["a", "b", "b"]);
    expect(one?.cut).toBe(true);
    expect(performance.now() - began).toBeLessThan(3_000);
  });
  test.each([
    ["a,b\r\n1,2", [["a", "b"], ["1", "2"]]], ['a;"b;""c"""\n', [["a", 'b;"c"']]], ["a\tb", [["a", "b"]]], ['"x\ny",z', [["x\ny", "z"]]], ["", []], ['"never ends', [["never ends"]]],
  ])("of values %j", (text, want) => expect(sheetOfCSV(text).rows).toEqual(want));
});

describe("texts", () => {
  test("of an .odt file", () => {
    const xml = '<office:text><text:tracked-changes><text:p>gone</text:p></text:tracked-changes><text:h text:outline-level="2">Head</text:h><text:p>a<text:s text:c="2"/>b<text:tab/><text:span>c</text:span></text:p><text:list><text:list-item><text:p>i</text:p></text:list-item></text:list></office:text>';
    expect(textOfOpenDocument(new Map([["content.xml", xml]]))).toEqual([{ level: 2, text: "Head" }, { level: 0, text: "a  b\tc" }, { level: 0, text: "i", item: true }]);
  });
  test("of slides, in their order", () => {
    const slide = (text: string) => `<p:sld><a:p><a:r><a:t>${text}</a:t></a:r></a:p></p:sld>`;
    const parts = new Map([["ppt/slides/slide10.xml", slide("ten")], ["ppt/slides/slide2.xml", slide("two")]]);
    expect(textOfSlides(parts, (n) => `Slide ${n}`).map((b) => b.text)).toEqual(["Slide 1", "two", "Slide 2", "ten"]);
  });
  test.each([
    ["{\\rtf1 a\\par b}", ["a", "b"]], ["{\\rtf1\\ansi {\\fonttbl{\\f0 No;}}{\\*\\x no}caf\\'e9}", ["café"]], ["{\\rtf1 \\u8364?5}", ["€5"]], ["{\\rtf1\\uc2 \\u8364 eu5}", ["€5"]], ["{\\rtf1 \\u-4051?}", [String.fromCharCode(61_485)]],
    ["{\\rtf1 a{\\pict\\bin4 }}}}}b}", ["ab"]], ["{\\rtf1 \\{x\\}\\\\}", ["{x}\\"]], ["{\\rtf1 a\\tab b\\cell\\row}", ["a\tb", ""]], ["{\\rtf1\\ansicpg932 \\'82\\'a0}", ["あ"]], ["{\\rtf1 {\\b x", ["x"]],
  ])("of RTF %s", (source, want) => expect(textOfRTF(source).map((b) => b.text).slice(0, want.length)).toEqual(want));
  test("RTF of any length and depth is read in time", () => {
    const began = performance.now();
    textOfRTF(`{\\rtf1 ${"{".repeat(500_000)}`);
    textOfRTF(`{\\rtf1 ${"\\par ".repeat(500_000)}`);
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(() => textOfRTF("no")).toThrow();
  });
  test.each([[bytes(0xef, 0xbb, 0xbf, 0x61), "a"], [bytes(0xff, 0xfe, 0x61, 0), "a"], [bytes(0xa3), "£"], [strToU8("药"), "药"], [bytes(), ""]])("%j is decoded", (octets, want) => expect(decodedText(octets)).toBe(want));
});

describe("winmail.dat", () => {
  const attribute = (id: number, data: number[]) => [2, ...int(id), ...int(data.length), ...data, 0, 0];
  const int = (n: number) => [n & 255, (n >> 8) & 255, (n >> 16) & 255, (n >>> 24) & 255];
  const head = [...int(0x223e9f78), 1, 0];
  const text = (s: string) => [...new TextEncoder().encode(s)];
  test("its files, by their long names", () => {
    const wide = [...text("note long.txt").flatMap((c) => [c, 0]), 0, 0];
    const padded = [...wide, ...Array((4 - (wide.length % 4)) % 4).fill(0)];
    const properties = [...int(2), 0x03, 0, 0x05, 0x37, 1, 0, 0, 0, 0x1f, 0, 0x07, 0x37, ...int(1), ...int(wide.length), ...padded];
    const octets = bytes(...head, ...attribute(0x00069002, Array(14).fill(0)), ...attribute(0x00018010, text("NOTE~1.TXT\0")), ...attribute(0x0006800f, text("Hello")), ...attribute(0x00069005, properties), ...attribute(0x00069002, []), ...attribute(0x0006800f, [1]));
    expect(filesOfTnef(octets).map((f) => [f.name, new TextDecoder().decode(f.data)])).toEqual([["note long.txt", "Hello"], ["2", "\x01"]]);
  });
  test("that is damaged gives what there is", () => {
    expect(filesOfTnef(bytes(...head, 2, ...int(0x00069002), ...int(0x7fffffff)))).toEqual([]);
    expect(filesOfTnef(bytes(...head, ...attribute(0x00069002, []), ...attribute(0x00069005, [255, 255, 255, 255, 3])))).toHaveLength(1);
    expect(() => filesOfTnef(bytes(1, 2, 3))).toThrow();
  });
});

describe("cards and appointments", () => {
  test("lines are unfolded and their parameters read", () => {
    expect(linesOf('a.TEL;TYPE="x,y";Z=1:tel:\r\n +44\r\nrubbish')).toEqual([{ name: "TEL", parameters: { TYPE: "x,y", Z: "1" }, value: "tel:+44" }]);
  });
  test("a card", () => {
    expect(cardsOf("BEGIN:VCARD\nN:Price;Nia;;;\nORG:Ward 12;St James\nADR:;;1 High St;Leeds;;LS1;\nNOTE:a\\, b\\nc\nEND:VCARD")).toEqual([
      { name: "Nia Price", facts: [["organisation", "Ward 12, St James"], ["address", "1 High St, Leeds, LS1"], ["note", "a, b\nc"]] },
    ]);
  });
  test.each([
    ["20260703T140000Z", undefined, "2026-07-03T14:00:00.000Z"], ["20260703T140000", "Europe/London", "2026-07-03T13:00:00.000Z"], ["20261203T140000", "Europe/London", "2026-12-03T14:00:00.000Z"], ["20260703T140000", "America/New_York", "2026-07-03T18:00:00.000Z"],
  ])("%s in %s", (value, zone, want) => expect(momentOf(value, zone)?.at.toISOString()).toBe(want));
  test("a zone that is not known is told", () => {
    expect(momentOf("20260703T140000", "Customized Time Zone")).toMatchObject({ zone: "Customized Time Zone", whole: false });
    expect(momentOf("rubbish")).toBeUndefined();
  });
  test("an appointment; its alarm is none", () => {
    const { method, appointments } = calendarOf("BEGIN:VCALENDAR\nMETHOD:CANCEL\nBEGIN:VEVENT\nSUMMARY:Flu\nDTSTART;VALUE=DATE:20261203\nDTEND;VALUE=DATE:20261204\nATTENDEE;CN=\"Price, Nia\":mailto:n@x.test\nBEGIN:VALARM\nDESCRIPTION:no\nEND:VALARM\nEND:VEVENT\nEND:VCALENDAR");
    expect(method).toBe("CANCEL");
    expect(appointments).toMatchObject([{ summary: "Flu", description: "", attendees: ["Price, Nia <n@x.test>"] }]);
    expect(lastDay(appointments[0]!.end!).at.getDate()).toBe(3);
  });
});

describe("zip", () => {
  test("only what is wanted comes out", () => {
    const zip = zipSync({ "a.xml": strToU8("x"), "b.bin": strToU8("y"), "d/c.xml": strToU8("z") });
    expect([...textsOf(unpacked(zip, (n) => n.endsWith(".xml")))]).toEqual([["a.xml", "x"], ["d/c.xml", "z"]]);
  });
  test("a bomb does not go off", () => {
    const zip = zipSync({ a: new Uint8Array(3_000_000) });
    expect(zip.length).toBeLessThan(30_000);
    expect(() => unpacked(zip, () => true, 1_000_000)).toThrow(TooBig);
    expect(unpacked(zip, () => false, 1_000_000).size).toBe(0);
    expect(() => unpacked(zipSync(Object.fromEntries(Array.from({ length: 5_001 }, (_, i) => [`${i}`, new Uint8Array()])), { level: 0 }), () => true)).toThrow(TooBig);
    expect(() => unpacked(strToU8("no zip at all"), () => true)).not.toThrow();
  }, 20_000);
  test("files that are called the same are told apart, and lead nowhere", () => {
    const names = ["a.txt", "a.txt", "../../etc/passwd", "c:\\x\\y.txt", "", "...", "\u202egnp.exe", "药.pdf", "__proto__"];
    const zip = zipped(names.map((name) => ({ name, octets: strToU8(name) })));
    const parts = [...unpacked(zip, () => true).keys()];
    expect(parts).toEqual(["a.txt", "a (2).txt", "_.._etc_passwd", "c__x_y.txt", "file", "file (2)", "_gnp.exe", "药.pdf", "_proto_"]);
    expect(safeName("x".repeat(500))).toHaveLength(200);
  });
});
