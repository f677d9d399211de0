import { lazy, Suspense, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { momentText } from "../../actions/names.js";
import { changeFormat, closeDraft, discard, sendLetter } from "../../actions/writing.js";
import { t } from "../../locales/text.js";
import { SetFailed } from "../../jmap/client.js";
import { isAddress } from "../../model/addresses.js";
import { recipientsOf, type Content } from "../../model/content.js";
import { colourOf, mailAccounts, type MailAccount } from "../../model/mailboxes.js";
import type { Draft } from "../../store/draft.js";
import type { When } from "../../store/sending.js";
import { Button } from "../../ui/Button.js";
import { Icon } from "../../ui/Icon.js";
import { useMail, useSession } from "../../ui/mail.js";
import { Files } from "./Files.js";
import { useFiles } from "./useFiles.js";
import { useWriting } from "../work/hooks.js";
import { ComposeForm } from "./ComposeForm.js";
import { latestOf } from "./latest.js";
import { Refusal } from "./Refusal.js";
import { SaveState } from "./SaveState.js";
import { plannedOf, SendButtons } from "./SendButtons.js";
import { Templates } from "./Templates.js";
import "./compose.css";

const SendLater = lazy(() => import("./SendLater.js").then((m) => ({ default: m.SendLater })));

/** What is wrong with a letter that was to be sent. */
export type Wrong = SetFailed | string | undefined;

/** A letter that is written, beside the list: no dialog, so that something can be looked up meanwhile. */
export function ComposePane({ draft, folded }: { draft: Draft; folded: boolean }) {
  const mail = useMail();
  const now = useSyncExternalStore(draft.watch, draft.snapshot);
  const open = mailAccounts(useSession()).find((a) => a.id === draft.accountId);
  const [first] = useState(open);
  const account = open ?? first; // it may be shut to its person meanwhile
  const [later, setLater] = useState(false);
  const latest = latestOf(account);
  const [wrong, setWrong] = useState<Wrong>(undefined);
  const pane = useRef<HTMLElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const files = useFiles(draft, setWrong);
  useFocusBack();
  useWriting(draft.accountId, draft.threadId);
  const { to, cc, bcc } = now.content;
  const { waitsForFiles } = draft;
  useEffect(() => setWrong(undefined), [to, cc, bcc]);
  useEffect(() => {
    if (!waitsForFiles) setWrong((w) => (w === t.filesOnTheWay ? undefined : w));
  }, [waitsForFiles]);
  const title = now.content.subject.trim() || t.newLetter;

  const submit = async (when?: When) => {
    const lacks = lacking(now.content) ?? (draft.waitsForFiles ? t.filesOnTheWay : undefined);
    if (lacks !== undefined) {
      setWrong(lacks);
      if (lacks !== t.filesOnTheWay) pane.current?.querySelector<HTMLElement>("[role=combobox]")?.focus();
      return;
    }
    setWrong(undefined);
    setWrong(await sendLetter(mail, draft, when));
  };
  const onKeyDown = (e: React.KeyboardEvent) => {
    const plain = !e.ctrlKey && !e.metaKey && !e.altKey;
    if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) {
      e.preventDefault();
      void submit(plannedOf(now));
    } else if (e.key === "Escape") { // what is open within the pane keeps it from here
      e.preventDefault();
      void closeDraft(mail);
    }
    if (plain) e.stopPropagation(); // keys in here are no commands of the list
  };

  return (
    <section ref={pane} className={`compose ${folded ? "folded" : ""}`} aria-label={title} style={account && ({ "--mailbox": colourOf(account) } as React.CSSProperties)} onKeyDown={onKeyDown} {...files.handlers}>
      <header className="compose-head">
        <Icon name={account?.isPersonal ? "person" : "shop"} />
        <h2>
          <span className="compose-title">{title}</span>
          <small>{(isOnBehalf(account) ? t.writingOnBehalf : t.writingAs)(account?.name ?? "")}</small>
        </h2>
        <Button label={folded ? t.unfold : t.fold} icon={folded ? "unfold" : "fold"} bare kind="plain" aria-expanded={!folded} onClick={() => mail.drafts.fold(!folded)} />
        <Button label={t.saveAndClose} icon="close" bare kind="plain" keys={["Esc"]} onClick={() => void closeDraft(mail)} />
      </header>
      {!folded && (
        <>
          {now.elsewhere && (
            <p className="notice compose-note" role="alert">
              {{ gone: t.draftGone, open: t.draftOpenElsewhere, shut: t.draftShut }[now.elsewhere]}
            </p>
          )}
          {now.planned && <p className="notice compose-note">{t.calledBack(momentText(now.planned))}</p>}
          <ComposeForm draft={draft} now={now} refused={refusedOf(wrong)} />
          <Files draft={draft} now={now} />
          {now.content.sensitive && <p className="notice compose-note">{t.sensitiveHint}</p>}
          <Refusal wrong={wrong} recipients={recipientsOf(now.content).length} onAnyway={() => void submit()} onSee={() => mail.drafts.fold(true)} />
          <footer className="compose-foot">
            <SendButtons now={now} onSend={(when) => void submit(when)} />
            <Button label={t.attach} icon="attach" bare kind="plain" onClick={() => picker.current?.click()} />
            <input
              ref={picker}
              type="file"
              multiple
              hidden
              onChange={(e) => {
                files.take([...(e.target.files ?? [])]);
                e.target.value = "";
              }}
            />
            <Button label={now.content.text.format === "plain" ? t.useRich : t.usePlain} icon="format" bare kind="plain" aria-pressed={now.content.text.format === "rich"} onClick={() => changeFormat(mail, draft)} />
            <Templates draft={draft} />
            <Button label={t.sensitive} icon="shield" bare kind="plain" aria-pressed={now.content.sensitive} onClick={() => draft.change({ sensitive: !now.content.sensitive })} />
            {latest && <Button label={t.sendLater} icon="clock" bare kind="plain" disabled={now.sending} onClick={() => setLater(true)} />}
            <SaveState saved={now.saved} />
            <Button className="compose-discard" label={t.discard} icon="remove" bare kind="plain" disabled={now.sending || now.elsewhere === "shut"} onClick={() => void discard(mail, draft)} />
          </footer>
          {later && latest && (
            <Suspense fallback={null}>
              <SendLater latest={latest} onClose={() => setLater(false)} onChosen={(when) => (setLater(false), void submit(when))} />
            </Suspense>
          )}
          {files.over && <div className="compose-drop">{t.dropHere}</div>}
        </>
      )}
    </section>
  );
}

/** Whether receivers see the person beside the mailbox. */
function isOnBehalf(account: MailAccount | undefined): boolean {
  return account?.accountCapabilities["urn:ietf:params:jmap:submission"]?.havenOnBehalf === true;
}

/** What a letter lacks that it has to have. */
function lacking(c: Content): string | undefined {
  const all = recipientsOf(c);
  if (all.length === 0) return t.noRecipient;
  const bad = all.filter((a) => !isAddress(a.email));
  if (bad.length === 1) return t.badAddress(bad[0]?.email ?? "");
  return bad.length ? t.badAddresses(bad.length) : undefined;
}

/** The recipients that the service refused. */
function refusedOf(wrong: Wrong): ReadonlySet<string> {
  const list = wrong instanceof SetFailed ? wrong.says.invalidRecipients : undefined;
  return new Set(Array.isArray(list) ? list.map((a) => String(a).toLowerCase()) : []);
}

/** Gives the focus back to where it was before, when the pane goes. */
function useFocusBack(): void {
  useEffect(() => {
    const before = document.activeElement;
    return () => {
      const to = before instanceof HTMLElement && before.isConnected && before !== document.body ? before : document.querySelector<HTMLElement>("#desk");
      to?.focus();
    };
  }, []);
}
