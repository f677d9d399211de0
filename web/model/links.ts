// Where the links of letters lead.

/** A link as it may be followed: whole, and to the web, an address or a telephone. undefined for any other. */
export function linkOf(href: string): URL | undefined {
  const text = href.trim();
  if (!/^(?:https?|mailto|tel):/i.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  return /^https?:$/.test(url.protocol) && !url.hostname ? undefined : url;
}

const longestShown = 200;

/** What is said of a link: its address, and of a letter to be written its recipient. */
export function leadsTo(url: URL): string {
  const whole = url.protocol === "mailto:" || url.protocol === "tel:" ? decoded(url.pathname) : url.href;
  return whole.length > longestShown ? `${whole.slice(0, longestShown)}…` : whole;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const hostWithin = /(?:^|[\s(<"'])(?:https?:\/\/)?(?:[^\s/@]*@)?((?:[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?\.)+\p{L}{2,})(?=$|[\s/:?#)>"',;!.])/iu;

/** Where a link really leads, if what can be read of it names another place; undefined where that is honest or names none. */
export function otherPlace(text: string, url: URL): string | undefined {
  if (!/^https?:$/.test(url.protocol)) return undefined;
  const named = hostWithin.exec(text.trim().slice(0, 300))?.[1]?.toLowerCase();
  if (named === undefined || text.includes("@")) return undefined;
  const host = url.hostname.replace(/^www\./, "");
  const shown = URL.canParse(`https://${named}`) ? new URL(`https://${named}`).hostname.replace(/^www\./, "") : named;
  return host === shown || host.endsWith(`.${shown}`) || shown.endsWith(`.${host}`) ? undefined : url.hostname;
}

/** What a mailto: link asks to write (RFC 6068). Nothing but these is taken from it. */
export interface Asked {
  to: string[];
  cc: string[];
  subject: string;
  body: string;
}

const mostRecipients = 50;

export function mailtoOf(url: URL): Asked {
  const asked: Asked = { to: [], cc: [], subject: "", body: "" };
  const addresses = (text: string) => text.split(",").map((a) => decoded(a).trim()).filter((a) => /^[^\s@<>]+@[^\s@<>]+$/.test(a)).slice(0, mostRecipients);
  asked.to.push(...addresses(url.pathname));
  for (const pair of url.search.slice(1).split("&")) {
    const [name = "", ...rest] = pair.split("=");
    const value = rest.join("=");
    switch (name.toLowerCase()) {
      case "to":
      case "cc":
        asked[name.toLowerCase() as "to" | "cc"].push(...addresses(value));
        break;
      case "subject":
        asked.subject = decoded(value).replace(/[\r\n]+/g, " ");
        break;
      case "body":
        asked.body = decoded(value);
    }
  }
  return asked;
}
