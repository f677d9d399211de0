package delivery

import (
	"context"

	"haven/mail/mime"
	"haven/mail/work"
	"haven/platform/errs"
)

// Colleagues says whether a person may send an answer where a colleague may have given one already; mail/work is behind it. Denied is for the
// person: it says who has, and what to do.
type Colleagues interface {
	MaySend(ctx context.Context, s work.Sending) error
}

// RuleAnswered is the rule by which a second answer is refused.
const RuleAnswered = work.RuleAnswered

// refers notes what a letter refers to. One that a program wrote by itself is nobody's answer.
func (l *SubmittedLetter) refers(h mime.Header) {
	l.refs = nil
	if v := h.Get("Auto-Submitted"); v != "" && v != "no" {
		return
	}
	for _, name := range []string{"References", "In-Reply-To"} {
		if v := h.Get(name); v != "" {
			l.refs = append(l.refs, v)
		}
	}
}

// mayAnswer refuses a second answer for good, so that no program sends it again by itself.
func (l *SubmittedLetter) mayAnswer(ctx context.Context) error {
	s := l.sub.s
	if s.o.Colleagues == nil || len(l.refs) == 0 {
		return nil
	}
	err := s.o.Colleagues.MaySend(ctx, work.Sending{Person: l.sub.who.Person, Account: l.from.Account, Refs: l.refs})
	if errs.Is(err, errs.Denied) {
		return refuse(errs.Denied, work.RuleAnswered, 550, "5.7.1", "%s", errs.Say(err))
	}
	return err
}
