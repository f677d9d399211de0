import { expect, test } from "vitest";
import { initials, listName, nameOf, shortName, unique, written } from "./people.js";

const of = (name: string | null, email = "anna.price@pharmacy.test") => ({ name, email });

test.each([
  ["Anna Price", "Anna Price", "Anna", "AP"],
  ["Price, Anna (Leeds)", "Price, Anna (Leeds)", "Anna", "PA"],
  ["Dr Price", "Dr Price", "Dr Price", "DP"],
  ["  ", "anna.price@pharmacy.test", "anna.price", "AT"],
  [null, "anna.price@pharmacy.test", "anna.price", "AT"],
  ["Élodie", "Élodie", "Élodie", "É"],
])("%j is shown", (name, whole, short, letters) => {
  expect(nameOf(of(name))).toBe(whole);
  expect(shortName(of(name))).toBe(short);
  expect(initials(of(name))).toBe(letters);
});

test("an address is written so that it can be typed", () => {
  expect(written(of("Anna Price"))).toBe("Anna Price <anna.price@pharmacy.test>");
  expect(written(of('Price, "Annie"'))).toBe('"Price, \\"Annie\\"" <anna.price@pharmacy.test>');
  expect(written(of(null))).toBe("anna.price@pharmacy.test");
});

test("everybody once, however the address is written", () => {
  expect(unique([of("A"), of("B", "ANNA.price@pharmacy.test"), of("C", "c@x.test")]).map((a) => a.name)).toEqual(["A", "C"]);
});

test.each([
  [of("Anna Price"), { who: "Anna Price" }],
  [of(null), { who: "anna.price@pharmacy.test" }],
  [of(null, "nhspharmacy.leeds.beestonFAQ06@HAVEN.test"), { who: "beestonFAQ06", of: "nhspharmacy.leeds" }],
  [of("", "ben.whitlock@haven.test"), { who: "ben.whitlock" }],
  [of("Ward 12", "nhstrust.leeds.ward12@haven.test"), { who: "Ward 12" }],
  [of(null, "nhspharmacy.leeds.beestonFAQ06@haven.test.evil.test"), { who: "nhspharmacy.leeds.beestonFAQ06@haven.test.evil.test" }],
])("in a list stands %j", (address, want) => expect(listName(address, "haven.test")).toEqual(want));
