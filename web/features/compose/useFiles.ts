import { useRef, useState, type ClipboardEvent, type DragEvent } from "react";
import { t } from "../../locales/text.js";
import { mostOctets, roomFor } from "../../model/room.js";
import { sizeText } from "../../model/sizes.js";
import type { Draft } from "../../store/draft.js";
import { useMail } from "../../ui/mail.js";

/** Files that come by drag, by paste and by the picker. Those for which there is no room are refused before they are sent anywhere. */
export function useFiles(draft: Draft, refuse: (why: string) => void) {
  const mail = useMail();
  const [over, setOver] = useState(false);
  const depth = useRef(0); // a drag enters and leaves each element on its way
  const most = mostOctets(mail.session().accounts[draft.accountId]);

  const take = (list: readonly File[]) => {
    const sizes = draft.snapshot().content.files.map((f) => f.size);
    const fit: File[] = [];
    for (const file of list) {
      const room = roomFor(most, sizes);
      if (file.size > room) {
        refuse(t.tooLarge(file.name, sizeText(file.size), sizeText(roomFor(most, [])), sizeText(room)));
        break;
      }
      sizes.push(file.size);
      fit.push(file);
    }
    if (fit.length) draft.attach(fit);
  };
  const end = () => {
    depth.current = 0;
    setOver(false);
  };
  const drags = (e: DragEvent) => e.dataTransfer.types.includes("Files");
  return {
    over,
    take,
    handlers: {
      onDragEnter: (e: DragEvent) => drags(e) && (depth.current++, setOver(true)),
      onDragLeave: (e: DragEvent) => drags(e) && --depth.current <= 0 && end(),
      onDragOver: (e: DragEvent) => drags(e) && e.preventDefault(),
      onDrop: (e: DragEvent) => {
        if (!drags(e)) return;
        e.preventDefault();
        end();
        const folders = [...e.dataTransfer.items].some((i) => i.webkitGetAsEntry?.()?.isDirectory);
        if (folders) refuse(t.noFolders);
        else take([...e.dataTransfer.files]);
      },
      onPaste: (e: ClipboardEvent) => {
        if (e.defaultPrevented || e.clipboardData.files.length === 0 || e.clipboardData.types.includes("text/plain")) return; // a table is its text, too
        e.preventDefault();
        take([...e.clipboardData.files]);
      },
    },
  };
}
