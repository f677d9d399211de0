// What files are shown as: tables, and paragraphs of text.

export interface Sheet {
  name: string;
  rows: string[][];
  /** It has more than is shown. */
  cut: boolean;
}

export interface Block {
  /** 0 is a paragraph, 1 to 6 a heading. */
  level: number;
  text: string;
  /** It is a point of a list. */
  item?: true;
}

/** What is read of a table at most. */
export const most = { rows: 5_000, columns: 200, cells: 200_000, sheets: 30, blocks: 20_000, letters: 2_000_000 };
