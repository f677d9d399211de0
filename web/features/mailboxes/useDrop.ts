import { useState, type DragEvent } from "react";
import { dragged } from "../../actions/drag.js";
import { mayPut, put, type Place } from "../../actions/move.js";

/** Makes a folder take conversations that are dragged onto it. What a drag does the menu "Move to" does as well. */
export function useDrop(place: Place) {
  const [over, setOver] = useState(false);
  const takes = (e: DragEvent) => {
    const chosen = dragged();
    if (chosen.length === 0 || !chosen.every((c) => mayPut(c, place))) return;
    e.preventDefault();
    e.dataTransfer.dropEffect = "move";
    setOver(true);
  };
  const onDrop = async (e: DragEvent) => {
    setOver(false);
    const chosen = dragged();
    if (chosen.length === 0) return;
    e.preventDefault();
    for (const c of chosen) await put(c, place);
  };
  return { over, on: { onDragEnter: takes, onDragOver: takes, onDragLeave: () => setOver(false), onDrop: (e: DragEvent) => void onDrop(e) } };
}
