export const workViews = ["all", "unassigned", "mine", "others", "done"] as const;
/** Which conversations of a shared mailbox a list shows. */
export type WorkView = (typeof workViews)[number];
