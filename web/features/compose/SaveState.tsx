import { locale, t } from "../../locales/text.js";
import type { Saved } from "../../store/draft.js";

/** Whether what is written is saved. Only what goes wrong is read out. */
export function SaveState({ saved }: { saved: Saved }) {
  const text = textOf(saved);
  const bad = saved.is === "not-saved";
  return (
    <>
      <span className={`save-state ${bad ? "bad" : ""}`}>{text}</span>
      <span className="hidden" role="status">
        {bad ? text : ""}
      </span>
    </>
  );
}

function textOf(saved: Saved): string {
  switch (saved.is) {
    case "nothing":
      return "";
    case "changed":
      return t.changed;
    case "saving":
      return t.saving;
    case "saved":
      return t.savedAt(new Date(saved.at).toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" }));
    case "not-saved":
      return { away: t.keptAway, full: t.keptFull, shut: t.keptShut, refused: t.keptRefused(saved.says) }[saved.why];
  }
}
