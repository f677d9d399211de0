import { version } from "pdfjs-dist/package.json";

/** Where the fonts and decoders of PDFs are (vite.config.ts); the folder has their version, so that a browser may keep them. */
export const pdfParts = `/mail/assets/pdf-${version}/`;
