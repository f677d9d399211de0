import { useQueries } from "@tanstack/react-query";
import { useId, useState } from "react";
import { mayWrite, writeAs } from "../../actions/writing.js";
import { t } from "../../locales/text.js";
import type { AccountId, Identity } from "../../jmap/client.js";
import type { Content } from "../../model/content.js";
import { colourOf, mailAccounts } from "../../model/mailboxes.js";
import type { Draft } from "../../store/draft.js";
import { Icon } from "../../ui/Icon.js";
import { useMail, useSession } from "../../ui/mail.js";
import { Picker, type Choice } from "../../ui/Picker.js";
import type { Anchor } from "../../ui/Popover.js";

const nameOf = (i: Identity) => (i.name ? `${i.name} <${i.email}>` : i.email);

/** As whom one writes: of all mailboxes that one may send from, where there is a choice. */
export function From({ draft, content }: { draft: Draft; content: Content }) {
  const mail = useMail();
  const label = useId();
  const [at, setAt] = useState<Anchor>();
  const accounts = mailAccounts(useSession()).filter((a) => mayWrite(mail, a.id));
  const asked = useQueries({ queries: accounts.map((a) => mail.identities(a.id)) });
  const all = accounts.flatMap((account, i) => (asked[i]?.data ?? []).map((identity) => ({ account, identity })));
  const here = all.filter((x) => x.account.id === draft.accountId);
  const now = here.find((x) => x.identity.id === content.identityId) ?? here[0];
  const onBehalf = now?.account.accountCapabilities["urn:ietf:params:jmap:submission"]?.havenOnBehalf;
  if (all.length < 2 && !onBehalf) return null;
  const idOf = (account: AccountId, i: Identity) => `${account} ${i.id}`;
  const choices = all.map(({ account, identity }): Choice => ({ id: idOf(account.id, identity), label: nameOf(identity), group: account.isPersonal ? t.own : account.name }));
  const choose = (id: string) => {
    const to = all.find((x) => idOf(x.account.id, x.identity) === id);
    if (to) void writeAs(mail, draft, to.account.id, to.identity);
  };
  return (
    <div className="compose-row from-row">
      <span id={label} className="label">
        {t.as}
      </span>
      <button
        type="button"
        className="from-choice"
        style={now && ({ "--mailbox": colourOf(now.account) } as React.CSSProperties)}
        aria-labelledby={`${label} ${label}-now`}
        aria-haspopup="dialog"
        aria-expanded={at !== undefined}
        onClick={(e) => setAt(at ? undefined : e.currentTarget.getBoundingClientRect())}
      >
        <span id={`${label}-now`}>{now ? nameOf(now.identity) : ""}</span>
        <Icon name="fold" />
      </button>
      {onBehalf && <small className="from-behalf">{t.onBehalf(ownName(accounts) || mail.session().username, now?.account.name ?? "")}</small>}
      {at && <Picker label={t.as} hint={t.fromHint} nothing={t.noSuchFrom} anchor={at} choices={choices} onChoose={choose} onClose={() => setAt(undefined)} />}
    </div>
  );
}

function ownName(accounts: readonly { name: string; isPersonal: boolean }[]): string {
  return accounts.find((a) => a.isPersonal)?.name ?? "";
}
