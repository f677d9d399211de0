import { useState } from "react";
import { t } from "../../locales/text.js";
import type { Sheet } from "../../model/files/parts.js";
import { Button } from "../../ui/Button.js";

const atOnce = 300; // rows; more are shown when they are asked for

/** Tables, one at a time. */
export function SheetView({ sheets, name }: { sheets: readonly Sheet[]; name: string }) {
  const [at, setAt] = useState(0);
  const [rows, setRows] = useState(atOnce);
  const sheet = sheets[at];
  if (!sheet || sheets.every((s) => s.rows.length === 0)) return <p className="viewer-says">{t.emptyTable}</p>;
  const columns = sheet.rows.reduce((n, r) => Math.max(n, r.length), 0);
  return (
    <>
      {sheets.length > 1 && (
        <div className="viewer-bar" role="toolbar" aria-label={t.sheets}>
          {sheets.map((s, i) => (
            <Button
              key={i}
              label={s.name}
              aria-pressed={i === at}
              onClick={() => {
                setAt(i);
                setRows(atOnce);
              }}
            />
          ))}
        </div>
      )}
      {sheet.cut && <p className="notice">{t.shownInPart}</p>}
      <div className="sheet-scroll" tabIndex={0} role="group" aria-label={sheet.name || name}>
        <table className="sheet">
          <thead>
            <tr>
              <td />
              {Array.from({ length: columns }, (_, i) => (
                <th key={i} scope="col">
                  {letters(i)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {sheet.rows.slice(0, rows).map((cells, r) => (
              <tr key={r}>
                <th scope="row">{r + 1}</th>
                {Array.from({ length: columns }, (_, c) => (
                  <td key={c} className={/^-?[\d.,\s]+%?$/.test(cells[c] ?? "") ? "number" : undefined}>
                    {cells[c]}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {sheet.rows.length > rows && <Button label={t.moreRows(sheet.rows.length - rows)} onClick={() => setRows(rows + 1_000)} />}
    </>
  );
}

/** The name of a column: A to Z, AA and on. */
function letters(i: number): string {
  return (i >= 26 ? letters(Math.floor(i / 26) - 1) : "") + String.fromCharCode(65 + (i % 26));
}
