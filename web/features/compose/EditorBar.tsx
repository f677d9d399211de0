import { useEditorState, type Editor } from "@tiptap/react";
import { useState, type FormEvent, type KeyboardEvent } from "react";
import { t } from "../../locales/text.js";
import { Button } from "../../ui/Button.js";
import type { IconName } from "../../ui/Icon.js";

interface Tool {
  name: string;
  icon: IconName;
  keys?: string[];
  is: string;
  run: (e: Editor) => void;
}

const tools: Tool[] = [
  { name: t.bold, icon: "bold", keys: ["Ctrl+B"], is: "bold", run: (e) => e.chain().focus().toggleBold().run() },
  { name: t.italic, icon: "italic", keys: ["Ctrl+I"], is: "italic", run: (e) => e.chain().focus().toggleItalic().run() },
  { name: t.bullets, icon: "bullets", keys: ["Ctrl+Shift+8"], is: "bulletList", run: (e) => e.chain().focus().toggleBulletList().run() },
  { name: t.numbers, icon: "numbers", keys: ["Ctrl+Shift+7"], is: "orderedList", run: (e) => e.chain().focus().toggleOrderedList().run() },
  { name: t.quotation, icon: "quote", keys: ["Ctrl+Shift+B"], is: "blockquote", run: (e) => e.chain().focus().toggleBlockquote().run() },
];

/** What can be done with a rich text. Arrow keys move between the buttons, as in any toolbar. */
export function EditorBar({ editor }: { editor: Editor }) {
  const [link, setLink] = useState<string>();
  const on = useEditorState({ editor, selector: ({ editor: e }) => [...tools.map((x) => e.isActive(x.is)), e.isActive("link")] });
  const move = (e: KeyboardEvent<HTMLElement>) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
    if (step === undefined || e.target instanceof HTMLInputElement) return;
    const all = [...e.currentTarget.querySelectorAll<HTMLElement>(":scope > button")];
    all[(all.indexOf(e.target as HTMLElement) + step + all.length) % all.length]?.focus();
    e.preventDefault();
  };
  const apply = (e: FormEvent) => {
    e.preventDefault();
    const to = (link ?? "").trim();
    const href = /^(https?|mailto|tel):/i.test(to) ? to : to.includes("@") ? `mailto:${to}` : `https://${to}`;
    const chain = editor.chain().focus().extendMarkRange("link");
    if (!to) chain.unsetLink().run();
    else if (editor.state.selection.empty && !editor.isActive("link")) chain.insertContent({ type: "text", text: to, marks: [{ type: "link", attrs: { href } }] }).run();
    else chain.setLink({ href }).run();
    setLink(undefined);
  };
  return (
    <div className="editor-bar" role="toolbar" aria-label={t.formatting} onKeyDown={move}>
      {tools.map((x, i) => (
        <Button key={x.is} label={x.name} icon={x.icon} bare kind="plain" keys={x.keys} aria-pressed={on?.[i] ?? false} onClick={() => x.run(editor)} />
      ))}
      <Button label={t.link} icon="link" bare kind="plain" aria-pressed={on?.[tools.length] ?? false} aria-expanded={link !== undefined} onClick={() => setLink(link === undefined ? String(editor.getAttributes("link").href ?? "") : undefined)} />
      {link !== undefined && (
        <form className="editor-link" onSubmit={apply} onKeyDown={(e) => e.key === "Escape" && (e.stopPropagation(), setLink(undefined), editor.commands.focus())}>
          <input className="field" aria-label={t.linkTo} placeholder="https://" value={link} autoFocus onChange={(e) => setLink(e.target.value)} />
          <button type="submit" className="button">
            {link.trim() ? t.setLink : t.dropLink}
          </button>
        </form>
      )}
    </div>
  );
}
