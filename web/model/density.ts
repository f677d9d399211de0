// How much stands on a screen.

export const densities = ["comfortable", "compact"] as const;
export type Density = (typeof densities)[number];

/** What was kept of it. */
export function densityOf(kept: unknown): Density {
  return densities.find((d) => d === kept) ?? "comfortable";
}

/** How high a line of a list is, in pixels. */
export const rowHeights: Record<Density, number> = { comfortable: 76, compact: 50 };
