import type { Kind } from "../../model/files/kinds.js";

/** Why a file can't be shown. */
export type Why = "big" | "slow" | "broken" | "away" | Extract<Kind, "oldOffice" | "outlook" | "archive" | "program" | "sound" | "locked" | "unknown" | "heic">;

export class Unshown extends Error {
  readonly why: Why;

  constructor(why: Why) {
    super(why);
    this.why = why;
  }
}
