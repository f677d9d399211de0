import { useMemo } from "react";
import type { Letter } from "../../store/letters.js";
import { useSession } from "../../ui/mail.js";
import { saidOf } from "./verdictWords.js";

/** What is known of who the letter is from, in words; nothing for one from inside. */
export function Verdict({ letter }: { letter: Letter }) {
  const { username } = useSession();
  const said = useMemo(() => saidOf(letter, username), [letter, username]);
  return said.map(({ text, weight }) => (
    <p key={text} className={`verdict says-${weight}`}>
      {text}
    </p>
  ));
}
