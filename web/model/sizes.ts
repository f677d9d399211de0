/** Octets as people read them. */
export function sizeText(octets: number): string {
  if (octets < 1000) return `${octets} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let n = octets;
  let unit = "";
  for (const u of units) {
    n /= 1000;
    unit = u;
    if (n < 999.5) break;
  }
  return `${n < 9.95 ? n.toFixed(1) : Math.round(n)} ${unit}`;
}
