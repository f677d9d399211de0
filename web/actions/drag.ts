// What is being dragged: the browser shows data of a drag only where it ends, and folders have to say before whether they take it.

import type { Chosen } from "./letters.js";

let held: Chosen | undefined;

export function hold(c: Chosen | undefined): void {
  held = c;
}

export function dragged(): Chosen | undefined {
  return held;
}
