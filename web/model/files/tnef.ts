// winmail.dat: what Outlook wraps files in (TNEF, MS-OXTNEF). What is read is the list of files with their names.

export interface TnefFile {
  name: string;
  data: Uint8Array;
}

const [beginsFile, title, data, properties] = [0x00069002, 0x00018010, 0x0006800f, 0x00069005];
const longName = 0x3707; // PidTagAttachLongFilename
const mostFiles = 200;

/** The files in a winmail.dat. Throws for what is none. */
export function filesOfTnef(octets: Uint8Array): TnefFile[] {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  if (octets.length < 6 || view.getUint32(0, true) !== 0x223e9f78) throw new Error("This is no winmail.dat.");
  const files: TnefFile[] = [];
  for (let at = 6; at + 9 <= octets.length; ) {
    const id = view.getUint32(at + 1, true);
    const length = view.getUint32(at + 5, true);
    const from = at + 9;
    if (from + length > octets.length) break; // it was cut off
    const value = octets.subarray(from, from + length);
    const now = files.at(-1);
    if (id === beginsFile && files.length < mostFiles) files.push({ name: "", data: new Uint8Array() });
    else if (now && id === title) now.name ||= new TextDecoder("windows-1252").decode(value).replace(/\0.*$/s, "");
    else if (now && id === data) now.data = value;
    else if (now && id === properties) now.name = nameOf(value) ?? now.name;
    at = from + length + 2;
  }
  return files.map((f, i) => ({ ...f, name: f.name || `${i + 1}` }));
}

const sizes: Record<number, number> = { 0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0a: 4, 0x0b: 4, 0x14: 8, 0x40: 8, 0x48: 16 };

/** The long name among a file's properties; undefined where there is none, or they are not understood. */
function nameOf(octets: Uint8Array): string | undefined {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  try {
    let at = 4;
    for (let left = view.getUint32(0, true); left > 0; left--) {
      const type = view.getUint16(at, true);
      const id = view.getUint16(at + 2, true);
      at += 4;
      if (id >= 0x8000) { // it has a name of its own
        at += 16;
        const kind = view.getUint32(at, true);
        at += 4;
        at += kind === 0 ? 4 : 4 + padded(view.getUint32(at, true));
      }
      const fixed = sizes[type & 0xfff];
      const several = (type & 0x1000) !== 0;
      let count = 1;
      if (several || fixed === undefined) {
        count = view.getUint32(at, true);
        at += 4;
      }
      for (; count > 0; count--) {
        if (fixed !== undefined) {
          at += fixed;
          continue;
        }
        const length = view.getUint32(at, true);
        const value = octets.subarray(at + 4, at + 4 + length);
        if (id === longName) return new TextDecoder((type & 0xfff) === 0x1f ? "utf-16le" : "windows-1252").decode(value).replace(/\0.*$/s, "");
        at += 4 + padded(length);
      }
    }
  } catch {} // beyond its end
  return undefined;
}

const padded = (n: number): number => n + ((4 - (n % 4)) % 4);
