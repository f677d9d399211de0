import { useState } from "react";
import type { Command } from "../../actions/command.js";
import { deskCommands, onLetters, onList, onOpen, onWriting, type Desk } from "../../actions/desk.js";
import { t } from "../../locales/text.js";
import { asDelivered, isSingle, keyOf, keysOf, keyText, rebound } from "../../model/keys.js";
import { Button } from "../../ui/Button.js";
import { Dialog } from "../../ui/Dialog.js";
import { useMail } from "../../ui/mail.js";
import { useKeySettings } from "./useKeys.js";
import "./keys.css";

/** All keys, which of them work, and what each can be changed to. */
export function KeySheet({ desk, onClose }: { desk: Desk; onClose: () => void }) {
  const { keys } = useMail();
  const settings = useKeySettings();
  const groups: [string, readonly Command<Desk>[]][] = [[t.keyGroups.letters, [...onLetters.filter((c) => c.id !== "destroy"), ...onOpen]], [t.keyGroups.writing, onWriting], [t.keyGroups.list, onList]];
  return (
    <Dialog title={t.keysTitle} wide onClose={onClose}>
      <label className="switch">
        <input type="checkbox" role="switch" checked={settings.single} onChange={(e) => keys.set({ ...settings, single: e.target.checked })} />
        <span>{t.keysSwitch}</span>
      </label>
      <p className="keys-hint">{t.keysHint}</p>
      <div className="keys-groups">
        {groups.map(([name, commands]) => (
          <section key={name} aria-label={name}>
            <h3>{name}</h3>
            <ul>
              {commands.map((c) => (
                <KeyLine key={c.id} command={c} label={c.name(desk)} />
              ))}
            </ul>
          </section>
        ))}
        <section aria-label={t.keysAlways}>
          <h3>{t.keysAlways}</h3>
          <ul>
            {t.fixedKeys.map(([key, what]) => (
              <li key={key}>
                <span>{what}</span>
                <kbd>{key}</kbd>
              </li>
            ))}
          </ul>
        </section>
      </div>
      {Object.keys(settings.changed).length > 0 && (
        <div className="dialog-buttons">
          <Button label={t.keysDefault} onClick={() => keys.set({ ...asDelivered, single: settings.single })} />
        </div>
      )}
    </Dialog>
  );
}

/** A command with its single key, which a press of the button and then of a key changes; Backspace takes it away. */
function KeyLine({ command, label }: { command: Command<Desk>; label: string }) {
  const { keys } = useMail();
  const settings = useKeySettings();
  const [waits, setWaits] = useState(false);
  const has = keysOf(command, { ...settings, single: true });
  const single = has.find(isSingle);
  const off = !settings.single && !command.calm;
  return (
    <li className={off ? "off" : ""}>
      <span>{label}</span>
      {has.filter((k) => !isSingle(k)).map((k) => (
        <kbd key={k} className="on">
          {keyText(k, false)}
        </kbd>
      ))}
      <button
        type="button"
        className="key"
        aria-label={`${t.keyOf(label)}: ${waits ? t.keyPress : (single ?? t.keyNone)}`}
        onClick={() => setWaits(true)}
        onBlur={() => setWaits(false)}
        onKeyDown={(e) => {
          if (!waits || e.key === "Tab" || e.key === "Shift") return;
          e.preventDefault(); // Escape ends the waiting and not the sheet
          const key = keyOf(e.nativeEvent);
          if (key === "Backspace" || key === "Delete") keys.set(rebound(settings, deskCommands, command.id, ""));
          else if (isSingle(key) && key !== " ") keys.set(rebound(settings, deskCommands, command.id, key));
          setWaits(false);
        }}
      >
        {waits ? t.keyPress : single !== undefined ? <kbd>{single}</kbd> : t.keyNone}
      </button>
    </li>
  );
}
