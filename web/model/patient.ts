// The number by which the health service knows a patient. The service reads it by the same rule (nhsnumber.go), and has the last word.

/** What is wrong with what was typed: nothing yet, too few or too many digits, other signs, or digits that do not fit each other. */
export type Wrong = "empty" | "length" | "signs" | "misfit";

const between = /[ \u00a0-]/g;

/** The ten digits of a number as people write it, with spaces or hyphens or without; else what is wrong with it. */
export function nhsNumber(written: string): { number: string } | { wrong: Wrong } {
  const digits = written.replace(between, "");
  if (digits === "") return { wrong: "empty" };
  if (!/^[0-9]+$/.test(digits)) return { wrong: "signs" };
  if (digits.length !== 10) return { wrong: "length" };
  const sum = [...digits].reduce((n, d, i) => n + Number(d) * (i < 9 ? 10 - i : 1), 0);
  const isOneDigit = /^(.)\1{9}$/.test(digits); // it fits, and is given to nobody
  return sum % 11 !== 0 || isOneDigit ? { wrong: "misfit" } : { number: digits };
}

/** A number in three groups, as letters have it. */
export function grouped(number: string): string {
  return number.replace(/^(\d{3})(\d{3})(\d{4})$/, "$1 $2 $3");
}

const mostFound = 5;

/** Numbers in a text that fit, each once. A telephone number has eleven digits and is none. */
export function numbersIn(text: string): string[] {
  const found = new Set<string>();
  for (const [written] of text.matchAll(/(?<![\d+])\d{3}[ \u00a0-]?\d{3}[ \u00a0-]?\d{4}(?!\d)/g)) {
    const read = nhsNumber(written);
    if ("number" in read) found.add(read.number);
    if (found.size === mostFound) break;
  }
  return [...found];
}
