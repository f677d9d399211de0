// Fields of a form in a PDF, of what pdf.js says of annotations: what can be filled in, and nothing else that an annotation might be.

export interface Field {
  id: string;
  /** Fields of one name have one value; of radio buttons one is chosen. */
  name: string;
  /** What it is called to a person. */
  label: string;
  kind: "text" | "lines" | "check" | "radio" | "choice";
  /** Left, bottom, right, top in the page's own units. */
  rect: readonly [number, number, number, number];
  required: boolean;
  longest?: number;
  /** In the page's units; 0 leaves it to the reader. */
  size: number;
  options?: readonly { value: string; label: string }[];
  /** What a check box stands for: of one name, those that stand for the same are ticked together. */
  exports?: string;
  /** As it came. */
  value: string | boolean;
}

type Said = Record<string, unknown>;

const text = (v: unknown): string => (typeof v === "string" ? v : Array.isArray(v) && typeof v[0] === "string" ? v[0] : "");
const mostFields = 1000; // of one page
const mostOptions = 500;
const longestLabel = 200;

/** The fields among annotations that a person may fill in. */
export function fieldsOf(annotations: readonly Said[]): Field[] {
  return annotations.flatMap((a) => fieldOf(a) ?? []).slice(0, mostFields);
}

function fieldOf(a: Said): Field | undefined {
  const { id, rect, fieldName } = a;
  if (a.subtype !== "Widget" || a.readOnly === true || a.hidden === true || a.password === true || typeof id !== "string" || typeof fieldName !== "string") return undefined;
  if (!Array.isArray(rect) || rect.length !== 4 || !rect.every((n) => typeof n === "number" && Number.isFinite(n)) || rect[0] === rect[2] || rect[1] === rect[3]) return undefined;
  const kind = kindOf(a);
  if (!kind) return undefined;
  const size = Number((a.defaultAppearanceData as Said | null | undefined)?.fontSize) || 0;
  const longest = typeof a.maxLen === "number" && a.maxLen > 0 ? a.maxLen : undefined;
  return {
    id, name: fieldName, kind, rect: rect as [number, number, number, number], required: a.required === true, size,
    label: (text(a.alternativeText) || fieldName).replace(/\s+/g, " ").trim().slice(0, longestLabel),
    ...(longest && (kind === "text" || kind === "lines") && { longest }),
    ...(kind === "check" && { exports: text(a.exportValue) }),
    ...(kind === "choice" && { options: optionsOf(a.options) }),
    value: valueOf(a, kind),
  };
}

function kindOf(a: Said): Field["kind"] | undefined {
  if (a.fieldType === "Tx") return a.multiLine === true ? "lines" : "text";
  if (a.fieldType === "Ch") return a.multiSelect === true ? undefined : "choice";
  if (a.fieldType !== "Btn" || a.pushButton === true) return undefined; // a button of a form does something
  return a.radioButton === true ? "radio" : a.checkBox === true ? "check" : undefined;
}

function valueOf(a: Said, kind: Field["kind"]): string | boolean {
  if (kind === "check") return text(a.fieldValue) !== "" && a.fieldValue === a.exportValue;
  if (kind === "radio") return text(a.fieldValue) !== "" && a.fieldValue === a.buttonValue;
  return text(a.fieldValue);
}

function optionsOf(all: unknown): { value: string; label: string }[] {
  if (!Array.isArray(all)) return [];
  return all.slice(0, mostOptions).map((o: Said) => ({ value: text(o.exportValue), label: text(o.displayValue) || text(o.exportValue) }));
}
