// The text in the reader's language.

import { en, type Text } from "./en.js";

export const t: Text = en;
export const locale = "en-GB";
