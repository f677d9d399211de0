// Pictures of actions, drawn for this client. Each stands beside words, or its button has a name.

const paths = {
  archive: "M3 5h14v3H3zM4 8v8h12V8M8 11h4",
  remove: "M4 6h12M8 6V4h4v2M6 6l1 11h6l1-11M9 9v5M11 9v5",
  junk: "M10 3l7 4v6l-7 4-7-4V7zM10 7v4M10 13.5v.5",
  read: "M3 8l7-5 7 5v8H3zM3 8l7 5 7-5",
  unread: "M3 5h14v10H3zM3 5l7 6 7-6",
  flag: "M5 17V3h9l-2 3.5L14 10H5",
  reply: "M8 5L3 10l5 5M3 10h8c4 0 6 2 6 6",
  "reply-all": "M10 5l-5 5 5 5M6 5l-5 5 5 5M5 10h7c4 0 6 2 6 6",
  forward: "M12 5l5 5-5 5M17 10H9c-4 0-6 2-6 6",
  attach: "M13 6l-6 6a2 2 0 003 3l7-7a4 4 0 00-6-5l-7 7a6 6 0 008 8",
  search: "M9 3a6 6 0 104 10.5A6 6 0 009 3zM13.5 13.5L18 18",
  menu: "M3 5h14M3 10h14M3 15h14",
  more: "M4 10h.01M10 10h.01M16 10h.01",
  close: "M5 5l10 10M15 5L5 15",
  back: "M12 4l-6 6 6 6",
  write: "M4 16l1-4L14 3l3 3-9 9zM12 5l3 3",
  move: "M3 5h5l2 2h7v9H3zM8 11.5h5M11 9l2.5 2.5L11 14",
  print: "M6 7V3h8v4M6 13H3V7h14v6h-3M6 11h8v6H6z",
  person: "M10 3a3.5 3.5 0 110 7 3.5 3.5 0 010-7zM3 18c0-4 3-6 7-6s7 2 7 6",
  shop: "M3 8l1-4h12l1 4M3 8h14M4 8v9h12V8M8 17v-5h4v5",
  done: "M4 10l4 4 8-9",
  plus: "M10 4v12M4 10h12",
  folder: "M3 5h5l2 2h7v9H3z",
  fold: "M5 8l5 5 5-5",
  unfold: "M5 12l5-5 5 5",
  bold: "M6 4h5a3 3 0 010 6H6zM6 10h6a3 3 0 010 6H6z",
  italic: "M8 4h6M6 16h6M11 4L9 16",
  bullets: "M8 5h9M8 10h9M8 15h9M3.5 5h.01M3.5 10h.01M3.5 15h.01",
  numbers: "M8 5h9M8 10h9M8 15h9M3 4l1-.5V7M3 12.5c0-1 2-1 2 0 0 .8-2 1.5-2 2.5h2",
  quote: "M4 5v10M8 6h8M8 10h8M8 14h5",
  link: "M8.5 11.5a3 3 0 004.2 0l2.5-2.5a3 3 0 00-4.2-4.2L10 5.8M11.5 8.5a3 3 0 00-4.2 0L4.8 11a3 3 0 004.2 4.2l1-1",
  format: "M3 16l4-11 4 11M4.4 12h5.2M12.5 16l2.5-7 2.5 7M13.3 13.5h3.4",
  shield: "M10 2.5l6 2v5c0 4-2.5 6.5-6 8-3.5-1.5-6-4-6-8v-5zM10 7v6M7 10h6",
  "hand-over": "M8 4a3 3 0 110 6 3 3 0 010-6zM2 17c0-3 2.5-5 6-5M12 14h6M15.5 11l3 3-3 3",
  "give-back": "M10 3v8M6.5 8l3.5 3.5L13.5 8M3 12v4h14v-4",
  reopen: "M4 10a6 6 0 106-6H6M8.5 1.5L6 4l2.5 2.5",
  clock: "M10 3a7 7 0 110 14 7 7 0 010-14zM10 6v4l3 2",
  template: "M5 3h10v14H5zM8 7h4M8 10h4M8 13h2",
  note: "M4 3h12v9l-4 5H4zM16 12h-4v5M7 7h6M7 10h4",
  record: "M7 4H5v13h10V4h-2M7 2.5h6v3H7zM10 8.5v5M7.5 11h5",
  download: "M10 3v9M6 8.5l4 4 4-4M4 16h12",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { name: IconName }) {
  const heavy = name === "more" ? 3 : 1.6;
  return (
    <svg className="icon" viewBox="0 0 20 20" fill="none" stroke="currentColor" strokeWidth={heavy} strokeLinecap="round" strokeLinejoin="round" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}
