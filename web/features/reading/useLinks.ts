import { useQuery } from "@tanstack/react-query";
import { locale, t } from "../../locales/text.js";
import type { LinkRule } from "../../jmap/client.js";
import { isWeb, ruleFor } from "../../model/linkrules.js";
import { fullDate } from "../../model/dates.js";
import { useRoute } from "../../store/route.js";
import { useMail } from "../../ui/mail.js";

export interface Links {
  /** Why a link is not opened; undefined for one that may be. */
  blocked: (url: URL) => string | undefined;
  /** Opens a link to the web: at once, or after a question, as head office says. */
  follow: (url: URL) => void;
  /** Another one when head office says something else. */
  rules: readonly LinkRule[];
}

const none: readonly LinkRule[] = [];

/** How links of letters are followed in the mailbox that the page is at. */
export function useLinks(): Links {
  const mail = useMail();
  const { accountId } = useRoute();
  const { data: rules = none } = useQuery({ ...mail.links(accountId ?? ""), enabled: accountId !== undefined });
  const blockedBy = (all: readonly LinkRule[], url: URL) => {
    const rule = isWeb(url) ? ruleFor(all, url) : undefined;
    return rule?.verdict === "block" ? t.linkBlocked(rule.decidedBy, fullDate(rule.decidedAt, locale), rule.reason ?? "") : undefined;
  };
  const blocked = (url: URL) => blockedBy(rules, url);
  const follow = async (url: URL) => {
    const now = await mail.cache.fetchQuery({ ...mail.links(accountId ?? ""), retry: false }).catch(() => undefined);
    if (!now) return mail.undo.fail(t.linksUnknownNow);
    const why = blockedBy(now, url);
    if (why !== undefined) return mail.undo.fail(why);
    const rule = ruleFor(now, url);
    const warning = rule?.verdict === "warn" ? t.linkWarned(rule.decidedBy, rule.reason ?? "") : t.linkUnknown;
    if (rule?.verdict === "allow" || (await mail.questions.ask({ title: t.linkTitle(url.hostname), text: `${url.href}\n\n${warning}`, yes: t.openLink, grave: rule?.verdict === "warn" }))) {
      open(url, "_blank", "noopener,noreferrer");
    }
  };
  return { blocked, follow: (url) => void follow(url), rules };
}
