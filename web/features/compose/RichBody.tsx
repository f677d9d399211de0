import { getHTMLFromFragment } from "@tiptap/core";
import Image from "@tiptap/extension-image";
import { EditorContent, useEditor } from "@tiptap/react";
import StarterKit from "@tiptap/starter-kit";
import { useRef } from "react";
import { t } from "../../locales/text.js";
import type { Draft } from "../../store/draft.js";
import { useMail } from "../../ui/mail.js";
import { editable } from "./editable.js";
import { EditorBar } from "./EditorBar.js";
import { forEditor, forLetter } from "./inline.js";

const Picture = Image.extend({
  addAttributes() {
    return { ...this.parent?.(), "data-cid": { default: null } };
  },
}).configure({ inline: true });

const extensions = [
  StarterKit.configure({ heading: false, code: false, codeBlock: false, strike: false, link: { openOnClick: false, autolink: true, protocols: ["mailto", "tel"], HTMLAttributes: { rel: null, target: null } } }),
  Picture,
];

/** A rich text. It is loaded when it is used first. */
export function RichBody({ draft, focus }: { draft: Draft; focus: boolean }) {
  const mail = useMail();
  const pictures = useRef(new Map<string, string>()).current; // by cid, of those that were pasted here
  const { content } = draft.snapshot();
  const urlOf = (cid: string) => {
    const file = draft.snapshot().content.files.find((f) => f.cid === cid);
    return pictures.get(cid) ?? (file?.blobId ? mail.server.downloadUrl(draft.accountId, file.blobId, file.name, file.type) : undefined);
  };
  const editor = useEditor({
    extensions,
    injectCSS: false,
    content: forEditor(content.text.own, urlOf),
    autofocus: focus ? "start" : false,
    editorProps: {
      attributes: { "aria-label": t.writeHere, "aria-multiline": "true", role: "textbox" },
      transformPastedHTML: editable,
      handlePaste: (_, event) => {
        const files = [...(event.clipboardData?.files ?? [])].filter((f) => /^image\/(png|jpeg|gif|webp)$/.test(f.type));
        if (files.length === 0 || event.clipboardData?.types.includes("text/plain")) return false;
        for (const file of files) {
          const cid = `${crypto.randomUUID()}@${location.hostname}`;
          const src = URL.createObjectURL(file);
          pictures.set(cid, src);
          draft.attach([file], () => cid);
          editor?.chain().focus().setImage({ src, alt: file.name, "data-cid": cid } as { src: string }).run();
        }
        event.preventDefault();
        return true;
      },
    },
    onUpdate: ({ editor: { state: { doc }, schema } }) => draft.typed(() => forLetter(getHTMLFromFragment(doc.content, schema))),
  });
  if (!editor) return null;
  return (
    <div className="editor">
      <EditorBar editor={editor} />
      <EditorContent editor={editor} className="editor-text" />
    </div>
  );
}
