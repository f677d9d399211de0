import { useEffect, useState } from "react";
import { t } from "../../locales/text.js";
import type { MailAccount } from "../../model/mailboxes.js";
import { useRoute } from "../../store/route.js";
import { noSelection } from "./selection.js";
import { Two } from "./Two.js";
import { useList } from "./useList.js";
import "./desk.css";

/** The list of a folder, or of what a search found, and what is open of it. */
export function Desk({ account }: { account: MailAccount }) {
  const route = useRoute();
  const shown = useList(account, route);
  const { list } = shown;
  const [selected, setSelected] = useState(noSelection);
  useEffect(() => setSelected(noSelection), [list]);

  if (!list) return <p className="list-says">{shown.folders.has(account.id) ? t.noFolder : t.loading}</p>;
  return <Two key={route.folder ?? "search"} {...shown} list={list} account={account} selected={selected} setSelected={setSelected} />;
}
