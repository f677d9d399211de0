import { useEffect, useState } from "react";
import type { AccountId, EmailAddress } from "../../jmap/client.js";
import { begins, suggestionsOf, type Suggestion } from "../../model/recipients.js";
import { useMail } from "../../ui/mail.js";

const wait = 300; // milliseconds without a key until the directory is asked
const none: Suggestion[] = [];

/** Whom one may mean by what is typed: known people at once, then those of the directory. */
export function useSuggestions(accountId: AccountId, typed: string, there: readonly EmailAddress[]): Suggestion[] {
  const mail = useMail();
  const [found, setFound] = useState<{ typed: string; list: Suggestion[] }>({ typed: "", list: none });
  useEffect(() => {
    const text = typed.trim();
    if (!text) return;
    const end = new AbortController();
    const show = (known: EmailAddress[], listed: Parameters<typeof suggestionsOf>[2]) => {
      if (!end.signal.aborted) setFound({ typed: text, list: suggestionsOf(text, known, listed, there) });
    };
    const look = async () => {
      const own = (await mail.cache.fetchQuery(mail.identities(accountId))).map((i) => i.email);
      const known = await mail.people.known(accountId, own).catch(() => []);
      show(known, []);
      await new Promise((done) => setTimeout(done, wait));
      if (!end.signal.aborted) show(known, await mail.people.search(text, end.signal));
    };
    look().catch(() => {}); // without suggestions an address is typed whole
    return () => end.abort();
  }, [mail, accountId, typed, there]);
  const text = typed.trim();
  if (text === "" || !text.startsWith(found.typed)) return none;
  return found.list.filter((s) => begins(text, s.address.name, s.address.email, s.about));
}
