import { useState, type KeyboardEvent } from "react";
import type { Bound } from "../../actions/command.js";
import { t } from "../../locales/text.js";
import { Button } from "../../ui/Button.js";
import type { IconName } from "../../ui/Icon.js";
import { Menu, type MenuEntry } from "../../ui/Menu.js";
import type { Anchor } from "../../ui/Popover.js";
import { useShownKey } from "./useKeys.js";

/** Commands as they stand in a menu. */
export function useEntries(commands: readonly Bound[]): MenuEntry[] {
  const shownKey = useShownKey();
  return commands.map((c) => ({ id: c.id, label: c.label, icon: c.icon as IconName | undefined, keys: shownKey(c), run: c.run }));
}

interface Props {
  /** Stand as buttons. */
  buttons: readonly Bound[];
  /** Stand in a menu, each with its key. */
  others: readonly Bound[];
  onBack: (() => void) | undefined;
}

/** What is done with the chosen conversations. */
export function Toolbar({ buttons, others, onBack }: Props) {
  const [menu, setMenu] = useState<Anchor>();
  const shownKey = useShownKey();
  const entries = useEntries(others);
  const onKeyDown = (e: KeyboardEvent<HTMLElement>) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
    if (!by || menu) return;
    const all = [...e.currentTarget.querySelectorAll<HTMLElement>("button")].filter((b) => b.offsetParent);
    all[all.indexOf(document.activeElement as HTMLElement) + by]?.focus();
    e.preventDefault();
  };
  return (
    <div className="toolbar" role="toolbar" aria-label={t.actions} onKeyDown={onKeyDown}>
      {onBack && <Button className="to-list" label={t.back} icon="back" bare kind="plain" onClick={onBack} />}
      {buttons.map((c) => {
        const key = shownKey(c);
        return <Button key={c.id} data-command={c.id} label={c.label} icon={c.icon as IconName} bare kind="plain" keys={key ? [key] : undefined} onClick={c.run} />;
      })}
      <Button label={t.more} icon="more" bare kind="plain" aria-haspopup="menu" aria-expanded={menu !== undefined} onClick={(e) => setMenu(menu ? undefined : e.currentTarget.getBoundingClientRect())} />
      {menu && <Menu label={t.more} anchor={menu} entries={entries} onClose={() => setMenu(undefined)} />}
    </div>
  );
}
