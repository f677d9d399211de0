// What has to be done before the page is left: a log in that ends, a lock, another person at the computer.

const before = new Set<() => void>();

/** Has something done before the page leaves, such as saving what is being written. It is called once, and can't wait. */
export function onLeave(save: () => void): () => void {
  before.add(save);
  return () => before.delete(save);
}

/** Does it all. What fails keeps nothing else from it. */
export function beforeLeaving(): void {
  for (const save of before) {
    try {
      save();
    } catch (error) {
      console.error(error);
    }
  }
  before.clear();
}
