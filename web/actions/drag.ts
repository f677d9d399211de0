// What is being dragged: the browser shows data of a drag only where it ends, and folders have to say before whether they take it.

import type { Chosen } from "./letters.js";

let held: readonly Chosen[] = [];

export function hold(c: readonly Chosen[]): void {
  held = c;
}

export function dragged(): readonly Chosen[] {
  return held;
}
