package portal

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"haven"
	"haven/face/portal/page"
	"haven/people/openinghours"
	"haven/platform/errs"
	"haven/platform/notify"
)

// outboxShown is how many notices a page of the outbox lists.
const outboxShown = 100

// outboxReader is as whom somebody reads the outbox: anybody in a demo, where nothing leaves this machine. For everybody else there is no such page.
func (q *request) outboxReader() (haven.Actor, error) {
	if !q.s.o.OpenOutbox {
		return haven.Actor{}, errs.E(errs.NotFound, "")
	}
	return haven.Actor{Place: q.place(), Program: "demo outbox"}, nil
}

func outbox(q *request) error {
	if _, err := q.outboxReader(); err != nil {
		return err
	}
	return q.showOutbox("/outbox", "/")
}

// operatorOutbox is the same list for whoever runs the service.
func operatorOutbox(q *request) error { return q.showOutbox("/operator/outbox", operatorHome) }

// operatorOutboxNotice opens one for an operator, who is asked for the password again; each opening is in the audit log.
func operatorOutboxNotice(q *request) error {
	if asked, err := q.recently(q.here()); asked || err != nil {
		return err
	}
	return q.showOutboxNotice(q.actor(), "/operator/outbox")
}

func outboxNotice(q *request) error {
	actor, err := q.outboxReader()
	if err != nil {
		return err
	}
	return q.showOutboxNotice(actor, "/outbox")
}

// showOutbox lists what was sent to people outside, on the page at, to somebody who may see that.
func (q *request) showOutbox(at, back string) error {
	before, newest := q.now().Add(time.Second), ""
	if n, err := strconv.ParseInt(q.r.URL.Query().Get("before"), 10, 64); err == nil {
		before, newest = time.UnixMicro(n), at
	}
	all, err := q.s.o.Notices.List(q.ctx(), before, outboxShown)
	if err != nil {
		return err
	}
	o := page.Outbox{Newest: newest}
	if o.Says, err = q.outboxSays(); err != nil {
		return err
	}
	for _, n := range all {
		o.Rows = append(o.Rows, outboxRow(at, n))
	}
	if len(all) == outboxShown {
		o.Older = fmt.Sprintf("%s?before=%d", at, all[len(all)-1].At.UnixMicro())
	}
	q.frame.Title, q.frame.Back = "Outbox", back
	return q.show(http.StatusOK, page.OutboxPage(q.frame, o))
}

// showOutboxNotice shows what the notice of the path says to an actor who may open it, which is recorded.
func (q *request) showOutboxNotice(actor haven.Actor, back string) error {
	id, err := strconv.ParseInt(q.r.PathValue("id"), 10, 64)
	if err != nil {
		return errs.E(errs.NotFound, "")
	}
	c, err := q.s.o.Notices.Open(q.ctx(), actor, id)
	if err != nil {
		return err
	}
	q.frame.Title, q.frame.Back = "Notice", back
	return q.show(http.StatusOK, page.OutboxNoticePage(q.frame, c.To, c.Subject, strings.Split(c.Body, "\n")))
}

// stateTags are the states in words, and in colours where somebody is to look.
var stateTags = map[notify.State]struct{ say, colour string }{
	notify.Waiting: {"Waiting", "yellow"}, notify.Sent: {"Handed on", "blue"}, notify.Delivered: {"Arrived", "green"}, notify.Failed: {"Did not arrive", "red"},
	notify.Lapsed: {"Too late", "red"}, notify.Kept: {"Kept here", "grey"},
}

func outboxRow(at string, n notify.Notice) page.OutboxRow {
	tag := stateTags[n.State]
	r := page.OutboxRow{Href: at + "/" + strconv.FormatInt(n.ID, 10), At: n.At.In(openinghours.London).Format("2 January 15:04:05"), Channel: n.Channel.String(), To: n.To,
		What: n.What, Template: n.Template, State: tag.say, Colour: tag.colour, Why: sentence(n.Reason)}
	if n.Tries > 0 {
		tries := "once"
		if n.Tries > 1 {
			tries = fmt.Sprintf("%d times", n.Tries)
		}
		r.Why = fmt.Sprintf("%s Tried %s, again at %s.", r.Why, tries, n.Next.In(openinghours.London).Format("15:04"))
	}
	return r
}

// sentence is a reason as it stands on a page.
func sentence(s string) string {
	if s == "" || strings.HasSuffix(s, ".") {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:] + "."
}

// outboxSays is what an operator has to know: what is not sent, why, and what to do.
func (q *request) outboxSays() (says []string, err error) {
	figures, err := q.s.o.Notices.Figures(q.ctx())
	for _, kind := range []struct {
		ch   notify.Channel
		name string
	}{{notify.Text, "text"}, {notify.Email, "e-mail"}} {
		late, failed := q.s.o.Notices.Late(q.ctx(), kind.ch)
		f := figures[kind.ch]
		switch {
		case failed != nil:
			return nil, failed
		case q.s.o.Notices.KeyRefused(kind.ch):
			says = append(says, fmt.Sprintf("GOV.UK Notify refuses our key, so %s. Mend the file that notify.key_file names, or this machine's clock: they then go by themselves.", waits(f.Waiting, kind.name)))
		case late:
			says = append(says, fmt.Sprintf("%s, the oldest since %s. They are tried again by themselves, for as long as they are good.", waits(f.Waiting, kind.name), f.Oldest.In(openinghours.London).Format("15:04 on 2 January")))
		case q.s.keeps(kind.ch):
			says = append(says, fmt.Sprintf("There is no gateway for %ss: they are kept here, and nobody gets them. Set one up under [notify] in the configuration.", kind.name))
		}
	}
	return says, err
}

// waits is how many of a kind wait, in words.
func waits(n int64, kind string) string {
	if n == 1 {
		return "1 " + kind + " waits"
	}
	return fmt.Sprintf("%d %ss wait", n, kind)
}

// keeps reports whether notices of a channel go nowhere, for want of a gateway, and nobody can read them here either.
func (s *Server) keeps(ch notify.Channel) bool { return !s.o.Notices.Sends(ch) && !s.o.OpenOutbox }
