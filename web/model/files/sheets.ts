// Spreadsheets: Office Open XML (ECMA-376) and OpenDocument (ISO 26300), as the values that were last reckoned. Formulas are not.

import { most, type Sheet } from "./parts.js";
import { readXML } from "./xml.js";

/** The parts of a document by name. */
export type Parts = ReadonlyMap<string, string>;

/** Collects cells, as many as are shown. */
class Collector {
  readonly sheet: Sheet;
  #left: number;

  constructor(name: string, left: number) {
    this.sheet = { name, rows: [], cut: false };
    this.#left = left;
  }

  get left(): number {
    return this.#left;
  }

  put(row: number, column: number, text: string): void {
    if (text === "") return;
    if (row >= most.rows || column >= most.columns || this.#left <= 0) {
      this.sheet.cut = true;
      return;
    }
    this.#left--;
    const { rows } = this.sheet;
    while (rows.length <= row) rows.push([]);
    const cells = rows[row] as string[];
    while (cells.length < column) cells.push("");
    cells[column] = text;
  }
}

/** The sheets of an .xlsx file. */
export function sheetsOfOffice(parts: Parts): Sheet[] {
  const workbook = parts.get("xl/workbook.xml");
  if (workbook === undefined) throw new Error("This is no workbook.");
  const targets = new Map<string, string>();
  readXML(parts.get("xl/_rels/workbook.xml.rels") ?? "", { open: (name, a) => name === "Relationship" && targets.set(a.Id ?? "", a.Target ?? "") });
  const listed: { name: string; path: string }[] = [];
  let since1904 = false;
  readXML(workbook, {
    open: (name, a) => {
      if (name === "workbookPr") since1904 = /^(?:1|true)$/.test(a.date1904 ?? "");
      if (name !== "sheet") return;
      const target = targets.get(a.id ?? "") ?? "";
      listed.push({ name: a.name ?? "", path: target.startsWith("/") ? target.slice(1) : `xl/${target}` });
    },
  });
  const strings = stringsOf(parts.get("xl/sharedStrings.xml") ?? "");
  const formats = formatsOf(parts.get("xl/styles.xml") ?? "");
  let left = most.cells;
  return listed.slice(0, most.sheets).map(({ name, path }) => {
    const collector = new Collector(name, left);
    readOfficeSheet(parts.get(path) ?? "", collector, strings, formats, since1904);
    left = collector.left;
    return collector.sheet;
  });
}

/** The strings that cells refer to; how they are to be read aloud is left out. */
function stringsOf(xml: string): string[] {
  const all: string[] = [];
  let now = "";
  let inText = false;
  let aside = 0;
  readXML(xml, {
    open: (name) => {
      if (name === "si") now = "";
      if (name === "rPh") aside++;
      if (name === "t") inText = true;
    },
    close: (name) => {
      if (name === "si") all.push(now);
      if (name === "rPh") aside--;
      if (name === "t") inText = false;
    },
    text: (t) => {
      if (inText && aside === 0) now += t;
    },
  });
  return all;
}

type Format = "plain" | "date" | "time" | "moment" | "percent";

/** What each style makes of a number. */
function formatsOf(xml: string): Format[] {
  const codes = new Map<number, string>();
  const formats: Format[] = [];
  let inCells = false;
  readXML(xml, {
    open: (name, a) => {
      if (name === "numFmt") codes.set(Number(a.numFmtId), a.formatCode ?? "");
      if (name === "cellXfs") inCells = true;
      if (name === "xf" && inCells) formats.push(formatOf(Number(a.numFmtId ?? 0), codes));
    },
    close: (name) => {
      if (name === "cellXfs") inCells = false;
    },
  });
  return formats;
}

function formatOf(id: number, codes: ReadonlyMap<number, string>): Format {
  if (id === 9 || id === 10) return "percent";
  if (id === 22) return "moment";
  if (id >= 14 && id <= 17) return "date";
  if ((id >= 18 && id <= 21) || (id >= 45 && id <= 47)) return "time";
  const code = (codes.get(id) ?? "").replace(/"[^"]*"|\\.|\[(?!h|m|s)[^\]]*\]/gi, "");
  const [day, hour] = [/[yd]/i.test(code), /[hs]/i.test(code)];
  if (day && hour) return "moment";
  if (day || /mmm/i.test(code)) return "date";
  if (hour) return "time";
  return code.includes("%") ? "percent" : "plain";
}

const day = 86_400_000; // milliseconds

/** A number as its cell shows it. */
export function shown(value: string, format: Format, since1904 = false): string {
  const n = Number(value);
  if (value.trim() === "" || !Number.isFinite(n)) return value;
  if (format === "percent") return `${Number((n * 100).toPrecision(12))}%`;
  if (format === "plain" || n < 0 || n > 2_958_465) return Number.isInteger(n) ? value : String(Number(n.toPrecision(15)));
  const days = since1904 ? n + 1462 : n < 60 ? n + 1 : n; // Excel knows a 29 February 1900
  const d = new Date(Math.round((days - 25_569) * 86_400) * 1000);
  const date = d.toLocaleDateString("en-GB", { timeZone: "UTC", day: "2-digit", month: "2-digit", year: "numeric" });
  const time = d.toLocaleTimeString("en-GB", { timeZone: "UTC", hour: "2-digit", minute: "2-digit", ...(d.getTime() % 60_000 && { second: "2-digit" }) });
  if (format === "date") return date;
  return format === "time" ? time : d.getTime() % day ? `${date} ${time}` : date;
}

/** Row and column of a reference such as "AB12", from nought. */
export function placeOf(reference: string): [row: number, column: number] | undefined {
  const m = /^([A-Z]{1,3})(\d{1,7})$/.exec(reference);
  if (!m) return undefined;
  let column = 0;
  for (const c of m[1] as string) column = column * 26 + c.charCodeAt(0) - 64;
  return [Number(m[2]) - 1, column - 1];
}

function readOfficeSheet(xml: string, to: Collector, strings: readonly string[], formats: readonly Format[], since1904: boolean): void {
  let [row, column, type, style, value, inValue] = [-1, -1, "", 0, "", false];
  readXML(xml, {
    open: (name, a) => {
      if (name === "row") [row, column] = [a.r ? Number(a.r) - 1 : row + 1, -1];
      else if (name === "c") {
        [row, column] = placeOf(a.r ?? "") ?? [row, column + 1];
        [type, style, value] = [a.t ?? "n", Number(a.s ?? 0), ""];
      } else if (name === "v" || name === "t") inValue = true;
    },
    close: (name) => {
      if (name === "v" || name === "t") inValue = false;
      if (name !== "c" || row < 0) return;
      if (type === "s") to.put(row, column, strings[Number(value)] ?? "");
      else if (type === "b") to.put(row, column, value === "1" ? "TRUE" : "FALSE");
      else if (type === "n") to.put(row, column, shown(value, formats[style] ?? "plain", since1904));
      else to.put(row, column, value);
    },
    text: (t) => {
      if (inValue) value += t;
    },
  });
}

/** The sheets of an .ods file. */
export function sheetsOfOpenDocument(parts: Parts): Sheet[] {
  const xml = parts.get("content.xml");
  if (xml === undefined) throw new Error("This is no document.");
  const sheets: Collector[] = [];
  let left = most.cells;
  let [row, rows, column, columns, text, inText, note] = [0, 1, 0, 1, "", 0, 0];
  readXML(xml, {
    open: (name, a) => {
      const now = sheets.at(-1);
      if (name === "table") {
        left = now?.left ?? left;
        sheets.push(new Collector(a.name ?? "", left));
        row = 0;
      } else if (name === "table-row") [rows, column] = [Number(a["number-rows-repeated"] ?? 1), 0];
      else if (name === "table-cell" || name === "covered-table-cell") [columns, text] = [Number(a["number-columns-repeated"] ?? 1), ""];
      else if (name === "annotation") note++;
      else if (name === "p") {
        if (text && note === 0) text += "\n";
        inText++;
      } else if (name === "s" && note === 0) text += " ".repeat(Math.min(99, Number(a.c ?? 1)));
    },
    close: (name) => {
      if (name === "p") inText--;
      else if (name === "annotation") note--;
      else if (name === "table-cell" || name === "covered-table-cell") {
        const now = sheets.at(-1);
        if (text) for (let r = 0; r < Math.min(rows, most.rows); r++) for (let c = 0; c < Math.min(columns, most.columns); c++) now?.put(row + r, column + c, text);
        column += columns;
        text = "";
      } else if (name === "table-row") row += rows;
    },
    text: (t) => {
      if (inText > 0 && note === 0) text += t;
    },
  });
  return sheets.slice(0, most.sheets).map((s) => s.sheet);
}

/** A file of values with commas, semicolons or tabs between them (RFC 4180). */
export function sheetOfCSV(text: string): Sheet {
  const first = text.slice(0, 4_000).split(/\r?\n/)[0] ?? "";
  const count = (sign: string) => first.split(sign).length;
  const sign = [",", ";", "\t"].reduce((a, b) => (count(b) > count(a) ? b : a));
  const to = new Collector("", most.cells);
  let [row, column, value, at] = [0, 0, "", 0];
  const end = () => {
    to.put(row, column++, value);
    value = "";
  };
  while (at < text.length && !(to.sheet.cut && to.left <= 0)) {
    const c = text[at++] as string;
    if (c === '"' && value === "") {
      for (; at < text.length; at++) {
        if (text[at] !== '"') value += text[at];
        else if (text[at + 1] === '"') {
          value += '"';
          at++;
        } else break;
      }
      at++;
    } else if (c === sign) end();
    else if (c === "\n") {
      end();
      [row, column] = [row + 1, 0];
      if (row >= most.rows) {
        to.sheet.cut ||= at < text.length;
        break;
      }
    } else if (c !== "\r") value += c;
  }
  end();
  return to.sheet;
}
