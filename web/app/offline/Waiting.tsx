import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, useSyncExternalStore } from "react";
import { t } from "../../locales/text.js";
import { bring, waiting, type Brought } from "../../store/offline/outgoing.js";
import { Vault } from "../../store/offline/vault.js";
import type { Mail } from "../../store/mail.js";
import { Button } from "../../ui/Button.js";
import { Dialog } from "../../ui/Dialog.js";
import { useMail } from "../../ui/mail.js";
import { PassphraseForm } from "./Gate.js";
import { tellOf } from "./open.js";
import { tellGone } from "./sure.js";

const key = ["offline", "waiting"];

async function find(mail: Mail): Promise<{ vault: Vault; waits: number } | null> {
  const vault = await Vault.find();
  if (typeof vault === "string") tellGone(mail, vault);
  return vault instanceof Vault ? { vault, waits: await waiting(vault) } : null;
}

/** Letters that were written without the service, and of which it does not know yet: only their person's passphrase opens them. */
export default function Waiting() {
  const mail = useMail();
  const cache = useQueryClient();
  const [asks, setAsks] = useState(false);
  const { data } = useQuery({ queryKey: key, queryFn: () => find(mail) });
  const away = useSyncExternalStore(mail.watchSession, mail.away);
  const { draft } = useSyncExternalStore(mail.drafts.watch, mail.drafts.snapshot);
  if (!data) return null;
  if (away && !draft) {
    return (
      <div className="banner">
        <p>{t.offlineMay}</p>
        <Button label={t.offlineSwitch} onClick={() => location.reload()} />
      </div>
    );
  }
  if (data.waits === 0) return null;
  const onBrought = (brought: Brought) => {
    setAsks(false);
    tellOf(mail, brought);
    void cache.invalidateQueries({ queryKey: key });
    return undefined;
  };
  return (
    <div className="banner">
      <p role="status">{t.offlineWaits(data.waits)}</p>
      <Button label={t.offlineBringThem} onClick={() => setAsks(true)} />
      {asks && (
        <Dialog title={t.offlineBringTitle} onClose={() => setAsks(false)}>
          <PassphraseForm vault={data.vault} yes={t.offlineBringThem} onOpened={async (opened) => onBrought(await bring(mail.server, opened))} />
        </Dialog>
      )}
    </div>
  );
}
