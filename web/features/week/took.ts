import { t } from "../../locales/text.js";
import { tookOf } from "../../model/week.js";

/** How long something took, in words; a dash where nothing was done. */
export function took(seconds: number | null): string {
  return seconds === null ? "–" : t.took(tookOf(seconds));
}
