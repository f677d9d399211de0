package signature

import (
	"fmt"
	"html"
	"strings"
	"unicode/utf8"

	"haven"
	"haven/people/account"
	"haven/platform/policy"
)

// What stands in a signature for whoever writes the letter.
const (
	NameMark = "{name}"
	JobMark  = "{job}"
)

// Parse reads a signature as somebody wrote it: plain text in lines, without blanks at their ends and at most one empty line between two; "" is none.
func Parse(text string, p policy.Signature) (string, haven.Verdict) {
	text = strings.NewReplacer("\r\n", "\n", "\t", " ").Replace(text)
	if !utf8.ValidString(text) || strings.ContainsFunc(strings.ReplaceAll(text, "\n", ""), account.NotShown) {
		return "", haven.Refuse("signature.plain", "Write plain text: letters, numbers and line breaks.")
	}
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		lines = append(lines, strings.TrimRight(line, " \u00a0"))
	}
	text = strings.Trim(strings.Join(lines, "\n"), "\n")
	for strings.Contains(text, "\n\n\n") {
		text = strings.ReplaceAll(text, "\n\n\n", "\n\n")
	}
	switch {
	case strings.Count(text, "\n") >= p.Lines:
		return "", haven.Refuse("signature.lines", fmt.Sprintf("Write at most %d lines.", p.Lines))
	case utf8.RuneCountInString(text) > p.Runes:
		return "", haven.Refuse("signature.runes", fmt.Sprintf("Write at most %d characters.", p.Runes))
	}
	return text, haven.Allow("signature.text")
}

// Fill is a signature as a member's letters end with it. A line of which nothing is left because nobody knows the member's job is left out, and what stood
// between the job and something else on its line goes with it.
func Fill(text string, m Member) Signed {
	marks := []string{NameMark, m.Name, JobMark, m.Job}
	if m.Job == "" {
		marks = append([]string{"(" + JobMark + ")", ""}, marks...)
	}
	put := strings.NewReplacer(marks...) // in one go: nobody's name is filled in again
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		filled := put.Replace(line)
		if m.Job == "" && strings.Contains(line, JobMark) {
			if filled = strings.Trim(filled, between); filled == "" {
				continue
			}
		}
		lines = append(lines, filled)
	}
	text = strings.Trim(strings.Join(lines, "\n"), "\n")
	return Signed{Text: text, HTML: strings.ReplaceAll(html.EscapeString(text), "\n", "<br>")}
}

// between is what people put between two things on one line.
const between = " ,;:/|·•–—-"

// MaySign lets those read a signature whose letters may end with it: who sends from the mailbox.
func MaySign(r haven.Rights) haven.Verdict {
	if r&(haven.SendAs|haven.SendOnBehalf) == 0 {
		return haven.Refuse("signature.senders", "Only who sends from the mailbox signs for it. Ask one of its owners.")
	}
	return haven.Allow("signature.senders")
}
