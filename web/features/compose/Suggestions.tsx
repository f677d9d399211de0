import { useEffect, useRef } from "react";
import { t } from "../../locales/text.js";
import { nameOf } from "../../model/people.js";
import type { Suggestion } from "../../model/recipients.js";
import { Icon } from "../../ui/Icon.js";
import { Marked } from "../../ui/Marked.js";

interface Props {
  id: string;
  label: string;
  list: readonly Suggestion[];
  at: number;
  typed: string;
  onChoose: (at: number) => void;
}

export const optionId = (id: string, at: number) => `${id}-option-${at}`;

/** The people that are offered below a field, whose focus stays in the field. */
export function Suggestions({ id, label, list, at, typed, onChoose }: Props) {
  const box = useRef<HTMLUListElement>(null);
  useEffect(() => {
    void box.current?.children[at]?.scrollIntoView({ block: "nearest" });
  }, [at]);
  const words = typed.trim().split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  return (
    <ul ref={box} id={`${id}-list`} className="popover suggestions" role="listbox" aria-label={label}>
      {list.map((s, i) => (
        <li
          key={s.address.email}
          id={optionId(id, i)}
          role="option"
          aria-selected={i === at}
          data-focused={i === at ? "" : undefined}
          onMouseDown={(e) => e.preventDefault()}
          onClick={() => onChoose(i)}
        >
          <Icon name={s.isShared ? "shop" : "person"} />
          <span className="suggestion">
            <strong>
              <Marked text={nameOf(s.address)} words={words} />
            </strong>
            {s.about && <span>{s.about}</span>}
            {s.address.name && (
              <small>
                <Marked text={s.address.email} words={words} />
              </small>
            )}
            {s.isShared && <span className="hidden">{t.sharedMailbox}</span>}
          </span>
        </li>
      ))}
    </ul>
  );
}
