// What a person filled into a form of a PDF: kept by pdf.js, which writes it into a copy of the file.

import type { PDFDocumentProxy } from "pdfjs-dist/legacy/build/pdf.mjs";
import type { Field } from "../../model/files/fields.js";

export class Filled {
  readonly #pdf: PDFDocumentProxy;
  readonly #fields = new Map<string, Field>();
  readonly #watchers = new Set<() => void>();
  #values: ReadonlyMap<string, string | boolean> = new Map();

  constructor(pdf: PDFDocumentProxy) {
    this.#pdf = pdf;
  }

  readonly snapshot = (): ReadonlyMap<string, string | boolean> => this.#values;

  readonly watch = (told: () => void): (() => void) => {
    this.#watchers.add(told);
    return () => this.#watchers.delete(told);
  };

  /** Says which fields there are; those of a page that was not looked at yet are not known. New ones take the value of their name. */
  know(fields: readonly Field[]): void {
    for (const f of fields) {
      const isNew = !this.#fields.has(f.id);
      this.#fields.set(f.id, f);
      if (!isNew) continue;
      const twins = [...this.#fields.values()].filter((o) => o.id !== f.id && o.name === f.name && this.#values.has(o.id));
      const twin = twins.find((o) => this.#values.get(o.id) === true) ?? twins[0];
      if (twin) this.change(twin, this.#values.get(twin.id) as string | boolean);
    }
  }

  /** Fills a field in, with all of its name. Of radio buttons, and of boxes that stand for something else, the others are not chosen then. */
  change(field: Field, value: string | boolean): void {
    const values = new Map(this.#values);
    for (const f of this.#fields.values()) {
      if (f.name !== field.name) continue;
      const becomes = becomesOf(f, field, value);
      values.set(f.id, becomes);
      this.#pdf.annotationStorage.setValue(f.id, { value: becomes });
    }
    this.#values = values;
    for (const told of this.#watchers) told();
  }

  /** The file with what was filled in. */
  async file(name: string): Promise<File> {
    const octets = (await this.#pdf.saveDocument()) as Uint8Array<ArrayBuffer>;
    return new File([octets], name, { type: "application/pdf" });
  }
}

/** What a field becomes when one of its name is filled in. */
function becomesOf(f: Field, changed: Field, value: string | boolean): string | boolean {
  if (f.kind === "radio") return value === true && f.id === changed.id;
  if (f.kind === "check") return value === true && f.exports === changed.exports;
  return value;
}
