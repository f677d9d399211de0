import type { PageViewport } from "pdfjs-dist/legacy/build/pdf.mjs";
import { useSyncExternalStore } from "react";
import type { Field } from "../../model/files/fields.js";
import type { Filled } from "./filled.js";

interface Props {
  fields: readonly Field[];
  filled: Filled;
  viewport: PageViewport;
}

/** The fields of a page, where they stand on it. */
export function PdfFields({ fields, filled, viewport }: Props) {
  const values = useSyncExternalStore(filled.watch, filled.snapshot);
  return (
    <div className="pdf-fields">
      {fields.map((f) => (
        <FieldView key={f.id} field={f} value={values.get(f.id) ?? f.value} style={placeOf(f, viewport)} onChange={(v) => filled.change(f, v)} />
      ))}
    </div>
  );
}

const usual = 10; // size of text, where the form leaves it open

function placeOf(field: Field, viewport: PageViewport): React.CSSProperties {
  const [left, bottom, right, top] = field.rect;
  const [[x0, y0], [x1, y1]] = [viewport.convertToViewportPoint(left, bottom), viewport.convertToViewportPoint(right, top)] as [[number, number], [number, number]];
  const height = Math.abs(y1 - y0);
  const size = (field.size || usual) * viewport.scale;
  return { left: Math.min(x0, x1), top: Math.min(y0, y1), width: Math.abs(x1 - x0), height, fontSize: field.kind === "lines" ? size : Math.min(size, height * 0.75) };
}

interface FieldProps {
  field: Field;
  value: string | boolean;
  style: React.CSSProperties;
  onChange: (value: string | boolean) => void;
}

function FieldView({ field, value, style, onChange }: FieldProps) {
  const common = { "aria-label": field.label, title: field.label, style, required: field.required };
  const text = typeof value === "string" ? value : "";
  switch (field.kind) {
    case "lines":
      return <textarea {...common} value={text} maxLength={field.longest} onChange={(e) => onChange(e.target.value)} />;
    case "text":
      return <input {...common} type="text" autoComplete="off" value={text} maxLength={field.longest} onChange={(e) => onChange(e.target.value)} />;
    case "choice":
      return (
        <select {...common} value={text} onChange={(e) => onChange(e.target.value)}>
          {!field.options?.some((o) => o.value === text) && <option value={text}>{text}</option>}
          {field.options?.map((o) => (
            <option key={o.value} value={o.value}>
              {o.label}
            </option>
          ))}
        </select>
      );
    case "check":
    case "radio":
      return <input {...common} type={field.kind === "check" ? "checkbox" : "radio"} name={`pdf ${field.name}`} checked={value === true} onChange={(e) => onChange(e.target.checked)} />;
  }
}
