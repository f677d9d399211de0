import { useState } from "react";
import { t } from "../../locales/text.js";
import type { Mailbox } from "../../jmap/client.js";
import { reason } from "../../store/reason.js";
import type { Listing, MailList } from "../../store/list.js";
import { Button } from "../../ui/Button.js";
import { useMail } from "../../ui/mail.js";
import { WriteButton } from "../compose/WriteButton.js";
import { noSelection, withRows, type Selection } from "./selection.js";

interface Props {
  /** Of which mailbox. */
  label: string;
  folder: Mailbox | undefined;
  title: string;
  list: MailList;
  listing: Listing;
  selected: Selection;
  setSelected: (s: Selection) => void;
}

/** What a list is of, and what is selected of it. */
export function ListHead({ label, folder, title, list, listing, selected, setSelected }: Props) {
  const mail = useMail();
  const [selecting, setSelecting] = useState(false);
  const { total = 0 } = listing;
  const loaded = listing.rows.reduce((n, r) => n + Number(r !== undefined), 0);
  const all = selected.size > 0 && selected.size >= total;

  const every = async () => {
    setSelecting(true);
    try {
      setSelected(withRows(noSelection, await list.every()));
    } catch (error) {
      mail.undo.fail(reason(error));
    } finally {
      setSelecting(false);
    }
  };
  return (
    <>
      <div className="list-head">
        {total > 0 && (
          <input
            type="checkbox"
            className="select-shown"
            aria-label={selected.size ? t.clearSelection : t.selectShown}
            title={selected.size ? t.clearSelection : t.selectShown}
            checked={all}
            ref={(box) => {
              if (box) box.indeterminate = selected.size > 0 && !all;
            }}
            onChange={() => setSelected(selected.size ? noSelection : withRows(noSelection, listing.rows))}
          />
        )}
        <h1>
          {title}
          <small>{label}</small>
        </h1>
        <div className="list-says-more" role="status">
          {selecting ? t.selecting : selected.size > 0 ? t.selected(selected.size) : !folder && listing.total !== undefined ? (list.isCut() ? t.foundMore : t.found)(total) : ""}
        </div>
        {selected.size > 0 ? <Button label={t.clearSelection} icon="close" bare kind="plain" onClick={() => setSelected(noSelection)} /> : <WriteButton accountId={list.asked.accountId} />}
      </div>
      {selected.size > 0 && selected.size >= loaded && selected.size < total && !selecting && (
        <p className="select-every">
          {t.selectedOnly(selected.size)}{" "}
          <button type="button" className="linked" onClick={() => void every()}>
            {(folder ? t.selectEvery : t.selectFound)(total)}
          </button>
        </p>
      )}
    </>
  );
}
