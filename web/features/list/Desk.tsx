import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { t } from "../../locales/text.js";
import type { Mailbox } from "../../jmap/client.js";
import type { MailAccount } from "../../model/mailboxes.js";
import { searchOf } from "../../model/search.js";
import { useRoute } from "../../store/route.js";
import { useMail } from "../../ui/mail.js";
import { noSelection } from "./selection.js";
import { Two } from "./Two.js";
import "./desk.css";

const noFolders: Mailbox[] = [];

/** The list of a folder, or of what a search found, and what is open of it. */
export function Desk({ account }: { account: MailAccount }) {
  const mail = useMail();
  const route = useRoute();
  const { data: folders = noFolders } = useQuery(mail.folders(account.id));
  const folder = folders.find((f) => f.id === route.folder);
  const search = useMemo(() => (route.search === undefined ? undefined : searchOf(route.search, folders, new Date())), [route.search, folders]);
  const list = useMemo(() => {
    if (search) return mail.list({ accountId: account.id, filter: search.filter });
    return folder && mail.list({ accountId: account.id, filter: { inMailbox: folder.id }, folder: folder.id });
  }, [mail, account.id, folder?.id, search]); // eslint-disable-line -- the folder's counts change, and the list stays
  const [selected, setSelected] = useState(noSelection);
  useEffect(() => setSelected(noSelection), [list]);

  if (!list) return <p className="list-says">{folders.length ? t.noFolder : t.loading}</p>;
  return <Two key={route.folder ?? "search"} {...{ account, folders, folder, list, selected, setSelected, words: search?.words ?? [], unclear: search?.unclear ?? [] }} />;
}
