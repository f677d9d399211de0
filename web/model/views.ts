/** due has all of them, by when each is to be done. */
export const workViews = ["all", "unassigned", "mine", "others", "done", "due"] as const;
/** Which conversations of a shared mailbox a list shows. */
export type WorkView = (typeof workViews)[number];
