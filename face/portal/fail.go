package portal

import (
	"errors"
	"net/http"

	"haven/face/portal/page"
	"haven/people/secondfactor"
	"haven/platform/errs"
)

// answers is the one table from an error's kind to the code and heading that a browser gets.
var answers = map[errs.Kind]struct {
	code    int
	heading string
}{
	errs.Internal:  {http.StatusInternalServerError, "Sorry, something went wrong"},
	errs.Transient: {http.StatusServiceUnavailable, "Sorry, this can't be done just now"},
	errs.NotFound:  {http.StatusNotFound, "There is nothing here"},
	errs.Denied:    {http.StatusForbidden, "You can't do this"},
	errs.Private:   {http.StatusForbidden, "You are not logged in"},
	errs.OverQuota: {http.StatusForbidden, "There is no room"},
	errs.Invalid:   {http.StatusBadRequest, "This can't be done"},
	errs.Conflict:  {http.StatusConflict, "Nothing was done"},
	errs.TooMany:   {http.StatusTooManyRequests, "Please wait a moment"},
}

// fail shows what went wrong, by which rule, and what to do next. The cause of our own faults goes to the log alone.
func (q *request) fail(err error) {
	m := page.Message{Next: []page.Link{{Href: "/", Text: "Go to the start page"}, {Href: "/help", Text: "Get help"}}}
	kind := errs.KindOf(err)
	if e := (*errs.Error)(nil); errors.As(err, &e) && e.Rule == string(secondfactor.RuleRequired) && q.ses != nil {
		if err = q.turnedBack(); err == nil {
			return
		}
		kind = errs.KindOf(err)
	}
	if e := (*errs.Error)(nil); errors.As(err, &e) && e.Say != "" {
		m.Say, m.Rule = []string{e.Say}, e.Rule
		if way, ok := ways[e.Rule]; ok {
			m.Next = append([]page.Link{way}, m.Next...)
		}
	}
	if kind == errs.Internal || kind == errs.Transient {
		q.s.o.Logger.Error("a page could not be shown", "route", q.route.pattern, "error", err)
	}
	a := answers[kind]
	m.Heading = a.heading
	if len(m.Say) == 0 {
		m.Say = []string{otherwise[kind]}
	}
	q.frame.Title, q.frame.Service = m.Heading, q.s.o.Service
	if err := q.show(a.code, page.MessagePage(q.frame, m)); err != nil {
		http.Error(q.w, m.Heading, a.code)
	}
}

// ways are the pages on which a person mends what a rule asks for.
var ways = map[string]page.Link{
	"operator.second-factor":     {Href: "/account/second-step", Text: "Set up the second step"},
	"sharedmailbox.owner-mobile": {Href: "/account/mobile", Text: "Prove my mobile number"},
	"vouch.second-factor":        {Href: "/account/second-step", Text: "Set up the second step"},
}

// otherwise is what is said where an error has no sentence of its own.
var otherwise = map[errs.Kind]string{
	errs.Internal:  "It is our fault, not yours, and has been recorded. Try again in a minute. If it happens again, call the helpdesk.",
	errs.Transient: "Nothing was lost. Try again in a minute.",
	errs.NotFound:  "The page does not exist, or you can't open it.",
	errs.Denied:    "You may not do this.",
	errs.Private:   "Log in to go on.",
	errs.OverQuota: "There is no room for this.",
	errs.Invalid:   "What was asked makes no sense here.",
	errs.Conflict:  "It was changed meanwhile. Look again, and send it once more if you still want it.",
	errs.TooMany:   "Wait a minute and try again.",
}

func notFound(q *request) error { return errs.E(errs.NotFound, "") }
