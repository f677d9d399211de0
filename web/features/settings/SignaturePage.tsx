import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { t } from "../../locales/text.js";
import type { Identity } from "../../jmap/client.js";
import { written } from "../../model/people.js";
import type { MailAccount } from "../../model/mailboxes.js";
import { setSignature } from "../../store/settings.js";
import { useMail } from "../../ui/mail.js";
import { Field, useSaving } from "./form.js";

/** How letters end, for each address that the person writes as. */
export function SignaturePage({ account }: { account: MailAccount }) {
  const mail = useMail();
  const { data, error } = useQuery(mail.identities(account.id));
  if (error) return <p role="alert">{t.wentWrong(error.message)}</p>;
  if (!data) return <p>{t.loading}</p>;
  if (data.length === 0) return <p>{t.noIdentity}</p>;
  return data.map((i) => <SignatureForm key={i.id} account={account} identity={i} />);
}

function SignatureForm({ account, identity }: { account: MailAccount; identity: Identity }) {
  const mail = useMail();
  const cache = useQueryClient();
  const [text, setText] = useState(identity.textSignature);
  const saving = useSaving(
    async () => {
      await setSignature(mail.server, account.id, identity.id, text.trimEnd());
      await cache.invalidateQueries({ queryKey: ["identities", account.id] });
    },
    (e) => (e instanceof Error ? e.message : ""),
  );
  const submit = (e: FormEvent) => {
    e.preventDefault();
    void saving.submit();
  };
  return (
    <form onSubmit={submit}>
      <Field label={t.signatureOf(written({ name: identity.name, email: identity.email }))} hint={account.isPersonal ? t.signatureHint : t.signatureSharedHint}>
        {(ids) => <textarea {...ids} className="field" rows={5} value={text} onChange={(e) => (setText(e.target.value), saving.fresh())} />}
      </Field>
      {saving.bar}
    </form>
  );
}
