import type { Bound } from "../../actions/command.js";
import { Icon, type IconName } from "../../ui/Icon.js";

/** The commonest commands at a line, for the pointer alone: the keyboard has the menu of the line and the keys. */
export function RowTools({ commands }: { commands: readonly Bound[] }) {
  return commands.map((c) => (
    <button
      key={c.id}
      type="button"
      tabIndex={-1}
      aria-label={c.label}
      title={c.label}
      onClick={(e) => {
        e.stopPropagation();
        c.run();
      }}
    >
      <Icon name={c.icon as IconName} />
    </button>
  ));
}
