import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { t } from "../../locales/text.js";
import type { AccountId } from "../../jmap/client.js";
import { nameOf, same } from "../../model/people.js";
import { asksReceipt } from "../../model/receipt.js";
import { sendReceipt, type Letter } from "../../store/letters.js";
import { Button } from "../../ui/Button.js";
import { useMail, useSession } from "../../ui/mail.js";

/** Asks whether the sender is told that the letter was opened, which is said once or never (docs/decisions/030). */
export function Receipt({ accountId, letter }: { accountId: AccountId; letter: Letter }) {
  const mail = useMail();
  const account = useSession().accounts[accountId];
  const [busy, setBusy] = useState(false);
  const may = !!account && !account.isReadOnly && "urn:ietf:params:jmap:mdn" in account.accountCapabilities && "urn:ietf:params:jmap:submission" in account.accountCapabilities;
  const to = letter["header:Disposition-Notification-To:asAddresses"];
  const asked = may && asksReceipt(letter, to);
  const { data: identities } = useQuery({ ...mail.identities(accountId), enabled: asked });
  const { data: folders } = useQuery({ ...mail.folders(accountId), enabled: asked });
  const first = identities?.[0];
  if (!asked || !first || !folders) return null;
  if (identities.some((i) => letter.from?.some((f) => same(f.email, i.email)))) return null; // it is our own letter
  if (folders.some((f) => f.role === "junk" && letter.mailboxIds[f.id])) return null; // junk learns nothing
  const addressed = [...(letter.to ?? []), ...(letter.cc ?? [])];
  const identity = identities.find((i) => addressed.some((a) => same(a.email, i.email))) ?? first;

  const mark = () => mail.edit(accountId, new Map([[letter.id, { keywords: { ...letter.keywords, $mdnsent: true } }]]), [letter]);
  const answer = async (send: boolean) => {
    setBusy(true);
    try {
      if (send) {
        await sendReceipt(mail.server, accountId, identity.id, letter.id);
        mail.undo.add(t.receiptSent);
        await mail.refresh(accountId);
      } else await mark(); // a program that comes after this one does not ask again (RFC 3503)
    } catch (error) {
      mail.undo.fail(t.wentWrong(error instanceof Error ? error.message : ""));
    }
    setBusy(false);
  };
  return (
    <section className="notice pictures" aria-label={t.receipt}>
      <span>{t.receiptAsked(letter.from?.[0] ? nameOf(letter.from[0]) : "", (to ?? []).map((a) => a.email).join(", "), identity.email)}</span>
      <span className="receipt-answers">
        <Button label={t.sendReceipt} aria-disabled={busy} onClick={() => void (busy || answer(true))} />
        <Button label={t.noReceipt} kind="plain" aria-disabled={busy} onClick={() => void (busy || answer(false))} />
      </span>
    </section>
  );
}
