package notice

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"haven"
	"haven/people/account"
	"haven/platform/policy"
)

// Complete fills in what a notice leaves out: it begins now, and what is solved is told for some time.
func Complete(n Draft, p policy.Operator, now time.Time) Draft {
	n.Title, n.Text = strings.TrimSpace(n.Title), strings.TrimSpace(strings.ReplaceAll(n.Text, "\r\n", "\n"))
	if n.From.IsZero() {
		n.From = now
	}
	if n.Kind == Solved && n.Until.IsZero() {
		n.Until = n.From.Add(p.SolvedFor)
	}
	return n
}

// MayPost says whether a notice that Complete made whole can be posted, where so many are not over.
func MayPost(n Draft, open int, p policy.Operator, now time.Time) haven.Verdict {
	switch {
	case ParseKind(n.Kind.String()) == 0:
		return haven.Refuse("notice.kind", "Say what the notice is about: planned work, a problem, or one that is solved.")
	case !shows(n.Title):
		return haven.Refuse("notice.title", "Give the notice a title.")
	case len([]rune(n.Title)) > p.NoticeTitle || strings.ContainsFunc(n.Title, account.NotShown):
		return haven.Refuse("notice.title", fmt.Sprintf("Write a title on one line, of at most %d characters.", p.NoticeTitle))
	case !shows(n.Text):
		return haven.Refuse("notice.text", "Say what happens, whom it concerns, and what they can do.")
	case len([]rune(n.Text)) > p.NoticeText || strings.ContainsFunc(strings.ReplaceAll(n.Text, "\n", ""), account.NotShown):
		return haven.Refuse("notice.text", fmt.Sprintf("Write at most %d characters of plain text.", p.NoticeText))
	case n.From.After(now.Add(p.NoticeAhead)):
		return haven.Refuse("notice.from", fmt.Sprintf("Begin at most %d days ahead.", int(p.NoticeAhead.Hours()/24)))
	case n.Kind != Planned && n.From.After(now):
		return haven.Refuse("notice.from", "Only planned work begins later. Leave the beginning empty.")
	case n.Kind == Planned && n.Until.IsZero():
		return haven.Refuse("notice.until", "Say until when the work lasts.")
	case !n.Until.IsZero() && !n.Until.After(n.From), !n.Until.IsZero() && !n.Until.After(now):
		return haven.Refuse("notice.until", "Name an end that is after the beginning, and still to come.")
	case n.Until.After(now.Add(2 * p.NoticeAhead)):
		return haven.Refuse("notice.until", fmt.Sprintf("Name an end at most %d days ahead.", int(2*p.NoticeAhead.Hours()/24)))
	case open >= p.NoticesAtOnce:
		return haven.Refuse("notice.too-many", fmt.Sprintf("%d notices are not over. End those that nobody needs any more.", open))
	}
	return haven.Verdict{Allowed: true, Rule: "notice.posted"}
}

// shows reports whether a text holds anything that can be read.
func shows(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
}

// Stand says where a notice stands.
func Stand(n Notice, now time.Time) Standing {
	switch {
	case !n.Ended.IsZero(), !n.Until.IsZero() && !now.Before(n.Until):
		return Over
	case now.Before(n.From):
		return Coming
	}
	return Now
}

// Banner says whether a notice stands on the start pages: while it holds, and planned work some days before.
func Banner(n Notice, p policy.Operator, now time.Time) bool {
	switch Stand(n, now) {
	case Over:
		return false
	case Coming:
		return !now.Before(n.From.Add(-p.BannerBefore))
	}
	return true
}
