import type { Root } from "react-dom/client";
import { Client } from "../../jmap/client.js";
import { t } from "../../locales/text.js";
import { mailAccounts } from "../../model/mailboxes.js";
import { forgetSoon } from "../../store/forget.js";
import { Mail } from "../../store/mail.js";
import type { Brought } from "../../store/offline/outgoing.js";
import { OfflineServer } from "../../store/offline/server.js";
import { Vault, type Opened } from "../../store/offline/vault.js";
import { Visit } from "../../store/offline/visit.js";
import { leaveAfter, onOthers } from "../session.js";
import { show } from "../show.js";
import { Gate, Gone } from "./Gate.js";
import { shut, shutAfter } from "./shut.js";

type GoOnline = (client: Client) => Mail;

/** Opens what this browser keeps of mail, once its person says the passphrase. False: it keeps none. */
export async function openOffline(root: Root, goOnline: GoOnline): Promise<boolean> {
  const vault = await Vault.find();
  if (!vault) return false;
  if (vault instanceof Vault) root.render(<Gate vault={vault} onOpened={(opened) => visit(root, opened, goOnline)} />);
  else root.render(<Gone why={vault} />);
  return true;
}

/** Shows what was kept. False: nothing was, yet. */
async function visit(root: Root, opened: Opened, goOnline: GoOnline): Promise<boolean> {
  const server = await OfflineServer.of(opened);
  if (!server) return false;
  const over = new AbortController();
  const visiting = new Visit(opened, {
    open: () => Client.open({ url: location.origin }),
    isWriting: () => mail.drafts.snapshot().draft !== undefined,
    save: () => mail.drafts.close(),
    onBack: (client, brought) => {
      over.abort();
      tellOf(goOnline(client), brought);
    },
    onRefused: (error) => leaveAfter(error),
    onOther: () => void forgetSoon().then(() => location.reload()),
    onGone: shut,
  });
  const mail = new Mail(server, visiting);
  opened.vault.watch(() => mailAccounts(server.session).forEach(({ id }) => void mail.refresh(id)));
  visiting.begin();
  shutAfter(opened.vault.idleSeconds, over.signal);
  onOthers(server.session, (isNobodys) => {
    if (!isNobodys || visiting.snapshot().is !== "over") shut(); // the page to log in is nobody's
  }, over.signal);
  show(root, mail);
  return true;
}

/** Tells what became of the letters that waited. */
export function tellOf({ undo }: Mail, { sent, drafts, stayed, kept }: Brought): void {
  if (sent > 0) undo.add(t.offlineSent(sent));
  if (drafts > 0) undo.add(t.offlineDrafts(drafts));
  for (const { subject, why } of stayed) undo.fail(t.offlineStayed(subject || t.noSubject, why), undefined, Number.POSITIVE_INFINITY);
  for (const { subject, why } of kept) undo.fail(t.offlineKeptBack(subject || t.noSubject, why), undefined, Number.POSITIVE_INFINITY);
}
