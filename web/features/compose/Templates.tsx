import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { insertTemplate, saveTemplate, templates } from "../../actions/templates.js";
import { t } from "../../locales/text.js";
import type { EmailId } from "../../jmap/client.js";
import type { Draft } from "../../store/draft.js";
import { Button } from "../../ui/Button.js";
import { useMail } from "../../ui/mail.js";
import { Picker, type Choice } from "../../ui/Picker.js";
import type { Anchor } from "../../ui/Popover.js";
import { editable } from "./editable.js";

const save = "save";

/** The templates of the mailbox: one is put into the letter, or the letter becomes one. */
export function Templates({ draft }: { draft: Draft }) {
  const mail = useMail();
  const [at, setAt] = useState<Anchor>();
  const { data } = useQuery({ queryKey: ["templates", draft.accountId], queryFn: () => templates(mail, draft.accountId), enabled: at !== undefined, staleTime: 0 });
  const choices: Choice[] = [
    ...(data ?? []).map((x): Choice => ({ id: x.id, label: x.name, within: x.preview, group: t.insertTemplate })),
    { id: save, label: t.saveAsTemplate, group: t.keepTemplate },
  ];
  const choose = (id: string) => void (id === save ? saveTemplate(mail, draft) : insertTemplate(mail, draft, id as EmailId, editable));
  return (
    <>
      <Button label={t.templates} icon="template" bare kind="plain" aria-haspopup="dialog" aria-expanded={at !== undefined} onClick={(e) => setAt(at ? undefined : e.currentTarget.getBoundingClientRect())} />
      {at && data && <Picker label={t.templates} hint={t.templateName} nothing={t.noTemplate} anchor={at} choices={choices} onChoose={choose} onClose={() => setAt(undefined)} />}
    </>
  );
}
