import { expect, test } from "vitest";
import { linked, piecesOf } from "./plain.js";

test("what is quoted stands apart", () => {
  expect(piecesOf("Yes.\r\n\r\n> Is it?\r\n>> Was it?\r\nBye")).toEqual([
    { kind: "text", text: "Yes.\n" },
    { kind: "quote", text: "Is it?\n> Was it?" },
    { kind: "text", text: "Bye" },
  ]);
});

test.each([
  ["see https://a.test/x?y=1.", ["see ", "https://a.test/x?y=1", "."]],
  ["(https://a.test/x)", ["(", "https://a.test/x", ")"]],
  ["ask ben.okafor@pharmacy.test, please", ["ask ", "ben.okafor@pharmacy.test", ", please"]],
  ["javascript:alert(1) data:text/html,x", ["javascript:alert(1) data:text/html,x"]],
])("%j has its links", (text, want) => {
  const pieces = linked(text);
  expect(pieces.map((p) => p.text)).toEqual(want);
  for (const p of pieces) if (p.kind === "link") expect(p.href).toMatch(/^(https?:|mailto:)/);
});
