import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { locale, t } from "../../locales/text.js";
import { clockDate } from "../../model/dates.js";
import { passphraseLacks } from "../../model/offline.js";
import { sizeText } from "../../model/sizes.js";
import type { KeptNow } from "../../store/offline/keep.js";
import { offlineNow, turnOff, turnOn } from "../../store/offline/keeping.js";
import { waitingHere } from "../../store/offline/outgoing.js";
import { Button } from "../../ui/Button.js";
import { useMail, useSession } from "../../ui/mail.js";
import { Field } from "./form.js";

const key = ["offline", "now"];

/** Whether this browser keeps recent mail. */
export function OfflineForm() {
  const mail = useMail();
  const hours = Math.round((useSession().havenOfflineSeconds ?? 0) / 3600);
  const [kept, setKept] = useState<KeptNow>();
  const { data, error } = useQuery({ queryKey: key, queryFn: () => offlineNow(mail.server), staleTime: 0 });
  if (error) return <p role="alert">{t.wentWrong(error.message)}</p>;
  if (!data) return <p>{t.loading}</p>;
  return (
    <section aria-labelledby="offline-heading">
      <h2 id="offline-heading">{t.offline}</h2>
      {data.is === "shared" || data.is === "unoffered" || data.is === "unsupported" ? (
        <p className="notice">{t.offlineWhyNot[data.is]}</p>
      ) : (
        <>
          <p className="settings-hint">{t.offlineHint}</p>
          <p className="settings-hint">{t.offlineEnds(hours)}</p>
          {data.is === "on" ? <KeptNowView heard={data.heard} kept={kept} /> : <TurnOn onKept={setKept} />}
        </>
      )}
    </section>
  );
}

function KeptNowView({ heard, kept }: { heard: number; kept: KeptNow | undefined }) {
  const mail = useMail();
  const cache = useQueryClient();
  const [problem, setProblem] = useState<string>();
  const drop = async () => {
    try {
      const waits = await waitingHere();
      if (waits > 0 && !(await mail.questions.ask({ title: t.offlineThrow, text: t.offlineThrowText(waits), yes: t.offlineThrowIt, grave: true }))) return;
      await turnOff();
      await cache.invalidateQueries({ queryKey: ["offline"] });
    } catch (error) {
      setProblem(t.wentWrong(String(error)));
    }
  };
  return (
    <>
      <p role="status" className="settings-now">
        {t.offlineOn(clockDate(new Date(heard).toISOString(), new Date(), locale))} {kept && t.offlineKept(kept.conversations, sizeText(kept.octets), kept.whole)}
      </p>
      {problem && <p role="alert">{problem}</p>}
      <div className="settings-bar">
        <Button label={t.offlineTurnOff} onClick={() => void drop()} />
      </div>
    </>
  );
}

function TurnOn({ onKept }: { onKept: (kept: KeptNow) => void }) {
  const mail = useMail();
  const cache = useQueryClient();
  const [text, setText] = useState("");
  const [again, setAgain] = useState("");
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const lacks = tried ? passphraseLacks(text, again) : undefined;
  const submit = async (e: FormEvent) => {
    e.preventDefault();
    setTried(true);
    if (busy || passphraseLacks(text, again)) return;
    setBusy(true);
    setProblem(undefined);
    try {
      onKept(await turnOn(mail.server, text));
      await cache.invalidateQueries({ queryKey: ["offline"] });
    } catch (error) {
      setProblem(t.offlineFailed(error instanceof Error ? error.message : ""));
      setBusy(false);
    }
  };
  const field = (value: string, set: (to: string) => void) => (ids: object) => <input {...ids} className="field" type="password" autoComplete="off" value={value} onChange={(e) => set(e.target.value)} />;
  return (
    <form onSubmit={(e) => void submit(e)} noValidate>
      <Field label={t.offlinePassphrase} hint={t.offlinePassphraseHint} problem={lacks && lacks !== "differs" ? t.offlineLacks[lacks] : undefined}>
        {field(text, setText)}
      </Field>
      <Field label={t.offlineAgain} problem={lacks === "differs" ? t.offlineLacks.differs : undefined}>
        {field(again, setAgain)}
      </Field>
      {problem && (
        <p role="alert" className="settings-problem">
          {problem}
        </p>
      )}
      <div className="settings-bar">
        <Button label={t.offlineTurnOn} kind="primary" type="submit" aria-disabled={busy} />
        <span role="status">{busy && t.offlineTurningOn}</span>
      </div>
    </form>
  );
}
