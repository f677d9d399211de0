import { useState } from "react";
import type { Command } from "../../actions/command.js";
import { onLetters, onList, type Desk } from "../../actions/desk.js";
import { t } from "../../locales/text.js";
import { Button } from "../../ui/Button.js";
import type { IconName } from "../../ui/Icon.js";
import { Menu, type MenuEntry } from "../../ui/Menu.js";
import type { Anchor } from "../../ui/Popover.js";
import { useShownKey } from "./useKeys.js";

interface Props {
  desk: Desk;
  run: (c: Command<Desk>) => void;
}

/** Commands as they stand in a menu. */
export function useEntries(desk: Desk, run: (c: Command<Desk>) => void) {
  const shownKey = useShownKey();
  return (commands: readonly Command<Desk>[], apart = false): MenuEntry[] =>
    commands
      .filter((c) => c.may(desk))
      .map((c, i) => ({ id: c.id, label: c.name(desk), icon: c.icon as IconName | undefined, keys: shownKey(c), apart: apart && i === 0, run: () => run(c) }));
}

/** What is done with the chosen conversations: the common things as buttons, all others in a menu, each with its key. */
export function Toolbar({ desk, run }: Props) {
  const [menu, setMenu] = useState<Anchor>();
  const shownKey = useShownKey();
  const entries = useEntries(desk, run);
  const others = onList.filter((c) => c.id !== "back" || desk.isOpen || desk.selected > 0);
  return (
    <div className="toolbar" role="toolbar" aria-label={t.actions}>
      {desk.isOpen && desk.selected === 0 && <Button className="to-list" label={t.back} icon="back" bare kind="plain" onClick={() => desk.close()} />}
      {onLetters
        .filter((c) => c.may(desk))
        .map((c) => {
          const key = shownKey(c);
          return <Button key={c.id} data-command={c.id} label={c.name(desk)} icon={c.icon as IconName} bare kind="plain" keys={key ? [key] : undefined} onClick={() => run(c)} />;
        })}
      <Button label={t.more} icon="more" bare kind="plain" aria-haspopup="menu" aria-expanded={menu !== undefined} onClick={(e) => setMenu(menu ? undefined : e.currentTarget.getBoundingClientRect())} />
      {menu && <Menu label={t.more} anchor={menu} entries={entries(others)} onClose={() => setMenu(undefined)} />}
    </div>
  );
}
