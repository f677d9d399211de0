import type { Desk } from "../../actions/desk.js";
import { archive, destroy, remove, toggleFlag, toggleRead } from "../../actions/letters.js";
import { Icon, type IconName } from "../../ui/Icon.js";

const atOnce = [archive, remove, destroy, toggleRead, toggleFlag];

/** The commonest commands at a line, for the pointer alone: the keyboard has the menu of the line and the keys. */
export function RowTools({ desk }: { desk: Desk }) {
  return atOnce
    .filter((c) => c.may(desk))
    .map((c) => (
      <button
        key={c.id}
        type="button"
        tabIndex={-1}
        aria-label={c.name(desk)}
        title={c.name(desk)}
        onClick={(e) => {
          e.stopPropagation();
          void c.run(desk);
        }}
      >
        <Icon name={c.icon as IconName} />
      </button>
    ));
}
