package texts

import (
	"fmt"
	"strings"
	"unicode"

	"haven"
	"haven/people/account"
	"haven/platform/policy"
)

const lineRunes = 200 // of a text that stands on every page, in one line

// CheckBody says whether a body can be a text.
func CheckBody(n Name, body string, p policy.Operator) haven.Verdict {
	most, why := p.TextRunes, ""
	if n == NationalDesk {
		most, why = lineRunes, " It stands on every page, so it is one line."
	}
	switch {
	case shipped[n].title == "":
		return haven.Refuse("texts.unknown", "There is no such text.")
	case !strings.ContainsFunc(body, unicode.IsLetter):
		return haven.Refuse("texts.empty", "Write a text.")
	case len([]rune(body)) > most, n == NationalDesk && strings.Contains(strings.TrimSpace(body), "\n"):
		return haven.Refuse("texts.long", fmt.Sprintf("Write at most %d characters.%s", most, why))
	case strings.ContainsFunc(strings.ReplaceAll(body, "\n", ""), account.NotShown):
		return haven.Refuse("texts.control", "The text holds characters that can't be shown. Copy it through a plain editor.")
	}
	return haven.Verdict{Allowed: true, Rule: "texts.written"}
}

// Clean is a body as it is kept.
func Clean(body string) string { return strings.TrimSpace(strings.ReplaceAll(body, "\r\n", "\n")) }
