import { expect, test } from "vitest";
import { withSignature } from "./signature.js";

const plain = (own: string) => ({ format: "plain" as const, own, quote: "q" });
const rich = (own: string) => ({ format: "rich" as const, own, quote: "q" });

test.each([
  ["another one", plain("Hi\n\n-- \nAisha"), "Aisha", "Shop", plain("Hi\n\n-- \nShop")],
  ["none", plain("Hi\n\n-- \nAisha"), "Aisha", "", plain("Hi")],
  ["one where there was none", plain("Hi"), "", "Shop", plain("Hi\n\n-- \nShop")],
  ["one that was changed stays", plain("Hi\n\n-- \nAisha!"), "Aisha", "Shop", plain("Hi\n\n-- \nAisha!")],
  ["another one of a rich text", rich("<p>Hi</p><p></p><p></p><p>-- </p><p>Aisha</p>"), "Aisha", "Shop", rich("<p>Hi</p><p><br></p><p><br></p><p>-- </p><p>Shop</p>")],
  ["none of a rich text", rich("<p>Hi</p><p><br></p><p><br></p><p>-- </p><p>Aisha</p>"), "Aisha", " ", rich("<p>Hi</p>")],
  ["a rich one that was changed stays", rich("<p>Hi</p>"), "Aisha", "Shop", rich("<p>Hi</p>")],
])("a letter gets %s", (_, text, was, now, becomes) => expect(withSignature(text, was, now)).toEqual(becomes));
