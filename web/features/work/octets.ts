const utf8 = new TextEncoder();

/** How long a text is as the service counts it. */
export function octets(text: string): number {
  return utf8.encode(text).length;
}
