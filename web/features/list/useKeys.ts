import { useEffect, useSyncExternalStore } from "react";
import { isCovered, isTyping, type Bound } from "../../actions/command.js";
import { commandOf, keyOf, keysOf, keyText, type Keyed, type KeySettings } from "../../model/keys.js";
import { useMail } from "../../ui/mail.js";

const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

export function useKeySettings(): KeySettings {
  const { keys } = useMail();
  return useSyncExternalStore(keys.watch, keys.snapshot);
}

/** The key that is shown beside a command, where it has one. */
export function useShownKey() {
  const settings = useKeySettings();
  return (c: Keyed) => {
    const [first] = keysOf(c, settings);
    return first === undefined ? undefined : keyText(first, isMac);
  };
}

/** Runs commands by their keys, but for what is typed into a field or meant for what stands above the page. */
export function useKeys(commandsNow: () => readonly Bound[]): void {
  const settings = useKeySettings();
  useEffect(() => {
    const onKey = (e: KeyboardEvent) => {
      if (e.defaultPrevented || e.isComposing || isTyping(e.target) || isCovered()) return;
      const command = commandOf(keyOf(e), commandsNow(), settings);
      if (!command) return;
      e.preventDefault();
      command.run();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  });
}
