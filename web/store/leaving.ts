// What has to be done before the page is left: a log in that ends, a lock, another person at the computer.

const before = new Set<() => void | Promise<void>>();
const most = 2_000; // milliseconds that it is waited for

/** Has something done before the page leaves, such as saving what is being written. It is called once. */
export function onLeave(save: () => void | Promise<void>): () => void {
  before.add(save);
  return () => before.delete(save);
}

/** Does it all, and waits for it for a moment. What fails keeps nothing else from it. */
export async function beforeLeaving(): Promise<void> {
  const all = [...before].map(async (save) => {
    try {
      await save();
    } catch (error) {
      console.error(error);
    }
  });
  before.clear();
  await Promise.race([Promise.all(all), new Promise((done) => setTimeout(done, most))]);
}
