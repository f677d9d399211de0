import { whyOf } from "../../actions/writing.js";
import type { Wrong } from "./ComposePane.js";

/** Why a letter was not sent, and what to do. */
export function Refusal({ wrong }: { wrong: Wrong }) {
  if (wrong === undefined) return null;
  return (
    <p className="notice compose-note" role="alert">
      {typeof wrong === "string" ? wrong : whyOf(wrong)}
    </p>
  );
}
