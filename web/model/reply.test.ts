import { expect, test } from "vitest";
import { answerReferences, answerSubject, answerTo, hasOthers, type Answered } from "./reply.js";

const list = (text: string) => text.split(" ").filter(Boolean).map((email) => ({ name: null, email: `${email}@x.example` }));
const letter = (from: string, to: string, cc = "", replyTo = ""): Answered => ({
  from: list(from), to: list(to), cc: list(cc), replyTo: replyTo ? list(replyTo) : null, subject: null, messageId: ["1@x"], inReplyTo: null, references: null,
});
const text = ({ to, cc }: ReturnType<typeof answerTo>) => [...to.map((a) => a.email), "|", ...cc.map((a) => a.email)].join(" ").replaceAll("@x.example", "");

test.each<[string, Answered, boolean, string]>([
  ["an answer goes to the sender", letter("ward", "shop ben", "gp"), false, "ward |"],
  ["to where the sender asks", letter("ward", "shop", "", "desk"), false, "desk |"],
  ["to all goes to all but oneself", letter("ward", "shop ben", "gp SHOP"), true, "ward ben | gp"],
  ["nobody stands there twice", letter("ward", "ben ward", "ben gp"), true, "ward ben | gp"],
  ["to an own letter goes to whom it went", letter("shop", "ward", "gp"), false, "ward |"],
  ["to all of an own letter", letter("shop", "ward ben", "gp"), true, "ward ben | gp"],
  ["to oneself where there is nobody else", letter("shop", "shop"), false, "shop |"],
  ["to all of a list that asks so", letter("ward", "list shop", "", "list"), true, "list |"],
])("%s", (_, l, all, want) => expect(text(answerTo(l, all, ["Shop@x.example"]))).toBe(want));

test("there is a reply to all where there are others", () => {
  expect(hasOthers(letter("ward", "shop"), ["shop@x.example"])).toBe(false);
  expect(hasOthers(letter("ward", "shop", "gp"), ["shop@x.example"])).toBe(true);
});

test.each([["Discharge", "reply", "Re: Discharge"], ["RE: Re: AW: Discharge", "reply-all", "Re: Discharge"], ["Re: Discharge", "forward", "Fwd: Discharge"], [null, "reply", "Re:"], ["Re[2]: x", "reply", "Re: x"], ["Regarding: x", "reply", "Re: Regarding: x"]] as const)(
  "%s: %s",
  (subject, kind, want) => expect(answerSubject(subject, kind)).toBe(want),
);

test("an answer belongs to what came before", () => {
  expect(answerReferences({ ...letter("a", "b"), references: ["0@x"] })).toEqual({ inReplyTo: ["1@x"], references: ["0@x", "1@x"] });
  expect(answerReferences({ ...letter("a", "b"), inReplyTo: ["0@x"] })).toEqual({ inReplyTo: ["1@x"], references: ["0@x", "1@x"] });
  expect(answerReferences({ ...letter("a", "b"), messageId: null })).toEqual({ inReplyTo: null, references: null });
  const long = answerReferences({ ...letter("a", "b"), references: Array.from({ length: 200 }, (_, i) => `${i}@y`) });
  expect(long.references).toHaveLength(50);
  expect(long.references?.[0]).toBe("0@y");
  expect(long.references?.at(-1)).toBe("1@x");
});
