package portal

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"haven/face/portal/page"
	"haven/people/notice"
	"haven/people/openinghours"
	"haven/platform/errs"
)

const (
	pastNotices = 50 // that the operator's page lists
	pastShown   = 5  // on the status page
)

// kindWords are the kinds of notices as people read them.
var kindWords = map[notice.Kind]string{notice.Planned: "Planned work", notice.Problem: "Problem", notice.Solved: "Solved"}

var noticeKinds = []page.Choice{
	{Value: "problem", Label: "A problem", Hint: "Something does not work as it should."},
	{Value: "planned", Label: "Planned work", Hint: "With a beginning and an end."},
	{Value: "solved", Label: "A problem is solved"},
}

// noticeRow is a notice as pages show it.
func noticeRow(n notice.Notice, now time.Time) page.StatusNotice {
	row := page.StatusNotice{ID: strconv.FormatInt(n.ID, 10), Kind: kindWords[n.Kind], Colour: noticeColours[n.Kind], Title: n.Title, Text: strings.Split(n.Text, "\n")}
	row.When = "Since " + moment(n.From)
	switch stands := notice.Stand(n, now); {
	case !n.Ended.IsZero():
		row.When = moment(n.From) + ", ended " + moment(n.Ended)
	case stands == notice.Over || n.Kind == notice.Planned:
		row.When = "From " + moment(n.From) + " to " + moment(n.Until)
	case n.Kind == notice.Solved:
		row.When = moment(n.From)
	case !n.Until.IsZero():
		row.When += ", expected until " + moment(n.Until)
	}
	return row
}

var noticeColours = map[notice.Kind]string{notice.Planned: "nhsuk-tag--blue", notice.Problem: "nhsuk-tag--red", notice.Solved: "nhsuk-tag--green"}

func noticeRows(all []notice.Notice, now time.Time) (rows []page.StatusNotice) {
	for _, n := range all {
		rows = append(rows, noticeRow(n, now))
	}
	return rows
}

// banners are the notices for the start pages.
func (q *request) banners() []page.StatusNotice {
	return noticeRows(q.told(q.s.o.StatusNotices.Banners(q.ctx())), q.now())
}

// told are notices where they can be had; a page that says how the service does, or leads to the log in, is shown without them.
func (q *request) told(all []notice.Notice, err error) []notice.Notice {
	if err != nil {
		q.s.o.Logger.Error("a page is shown without its notices", "route", q.route.pattern, "error", err)
	}
	return all
}

// status is how the service does: by its own figures, and by what an operator says.
func status(q *request) error {
	open := q.told(q.s.o.StatusNotices.Open(q.ctx()))
	past := q.told(q.s.o.StatusNotices.History(q.ctx(), pastShown))
	h := q.figures()
	h.Problem = slices.ContainsFunc(open, func(n notice.Notice) bool { return n.Kind == notice.Problem })
	q.frame.Title, q.frame.Back = h.Heading(), "/"
	return q.show(http.StatusOK, page.StatusPage(q.frame, h, noticeRows(open, q.now()), noticeRows(past, q.now()), moment(q.now())))
}

func noticesPage(q *request) error {
	open, err := q.s.o.StatusNotices.Open(q.ctx())
	if err != nil {
		return err
	}
	past, err := q.s.o.StatusNotices.History(q.ctx(), pastNotices)
	if err != nil {
		return err
	}
	q.frame.Title, q.frame.Back = "Status notices", operatorHome
	return q.show(http.StatusOK, page.NoticesPage(q.frame, noticeRows(open, q.now()), noticeRows(past, q.now())))
}

func newNoticePage(q *request) error { return q.showNewNotice(http.StatusOK, page.NewNotice{}) }

func (q *request) showNewNotice(code int, in page.NewNotice, problems ...page.Problem) error {
	q.frame.Title, q.frame.Errors, q.frame.Back = "Post a status notice", problems, "/operator/notices"
	return q.show(code, page.NewNoticePage(q.frame, in, noticeKinds))
}

// postNotice shows a notice as people will see it, and posts it once that is right.
func postNotice(q *request) error {
	in := page.NewNotice{Kind: q.value("kind"), Title: q.value("title"), Text: q.value("text"), From: q.value("from"), Until: q.value("until")}
	n, problems := draftOf(in)
	now := q.now()
	if n = notice.Complete(n, q.s.o.Policy.Operator, now); len(problems) == 0 {
		if v := notice.MayPost(n, 0, q.s.o.Policy.Operator, now); !v.Allowed {
			problems = []page.Problem{{Field: noticeField(string(v.Rule)), Say: v.Reason}}
		}
	}
	if len(problems) > 0 || q.value("back") != "" {
		code := http.StatusOK
		if len(problems) > 0 {
			code = http.StatusUnprocessableEntity
		}
		return q.showNewNotice(code, in, problems...)
	}
	if q.value("sure") == "yes" {
		if problems, err := q.provenHere(); err != nil {
			return err
		} else if len(problems) > 0 {
			return q.showNoticeCheck(http.StatusUnprocessableEntity, in, n, problems...)
		}
		_, err := q.s.o.StatusNotices.Post(q.ctx(), q.actor(), n)
		if e := (*errs.Error)(nil); errors.As(err, &e) && (e.Kind == errs.Invalid || e.Kind == errs.Conflict) {
			return q.showNewNotice(http.StatusUnprocessableEntity, in, page.Problem{Field: noticeField(e.Rule), Say: e.Say})
		}
		if err != nil {
			return err
		}
		q.frame.Done = "The notice is posted."
		return noticesPage(q)
	}
	return q.showNoticeCheck(http.StatusOK, in, n)
}

func (q *request) showNoticeCheck(code int, in page.NewNotice, n notice.Draft, problems ...page.Problem) error {
	q.frame.Title, q.frame.Errors, q.frame.Back = "Is this right?", problems, "/operator/notices"
	return q.show(code, page.NoticeCheckPage(q.frame, in, noticeRow(notice.Notice{Draft: n}, q.now())))
}

// noticeField is the field that a rule is about.
func noticeField(rule string) string {
	switch field := strings.TrimPrefix(rule, "notice."); field {
	case "kind", "text", "from", "until":
		return field
	}
	return "title"
}

// draftOf reads the form's times, which are London's.
func draftOf(in page.NewNotice) (n notice.Draft, problems []page.Problem) {
	n = notice.Draft{Kind: notice.ParseKind(in.Kind), Title: in.Title, Text: in.Text}
	for _, f := range []struct {
		field, value string
		at           *time.Time
	}{{"from", in.From, &n.From}, {"until", in.Until, &n.Until}} {
		at, ok := parseMoment(f.value)
		if !ok {
			problems = append(problems, page.Problem{Field: f.field, Say: "Write day and time like 25/11/2026 18:00"})
		}
		*f.at = at
	}
	return n, problems
}

// parseMoment reads a day and time of London's, as people write it; nothing is no time.
func parseMoment(text string) (time.Time, bool) {
	text = strings.Join(strings.Fields(strings.NewReplacer(",", " ", ".", "/").Replace(text)), " ")
	if text == "" {
		return time.Time{}, true
	}
	for _, form := range []string{"2/1/2006 15:04", "2 January 2006 15:04", "2 Jan 2006 15:04", "2006-01-02 15:04", "2006-01-02T15:04"} {
		if at, err := time.ParseInLocation(form, text, openinghours.London); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

func endNotice(q *request) error {
	id, err := strconv.ParseInt(q.value("id"), 10, 64)
	if err != nil {
		return errs.E(errs.NotFound, "")
	}
	if asked, err := q.recently("/operator/notices"); asked || err != nil {
		return err
	}
	err = q.s.o.StatusNotices.End(q.ctx(), q.actor(), id)
	if errs.Is(err, errs.NotFound) {
		q.frame.Done = "The notice was over already."
		return noticesPage(q)
	}
	if err != nil {
		return err
	}
	q.frame.Done = "The notice is ended."
	return noticesPage(q)
}

// provenHere lets a form through whose person gave the password lately, and otherwise takes it from the form itself, so that nothing typed is
// lost. The problems are for the same page, which then asks for it.
func (q *request) provenHere() (problems []page.Problem, err error) {
	if q.ses.Recent(q.now(), q.s.o.Policy.Session.AskAgain) {
		return nil, nil
	}
	st, err := q.s.o.SecondFactor.Of(q.ctx(), q.ses.Person.No)
	if err != nil {
		return nil, err
	}
	passkey, err := q.ceremony()
	if err != nil {
		return nil, err
	}
	q.frame.Ask, q.frame.AskFor = true, page.Proof{Code: st.On, App: st.App, Passkey: passkey}
	if _, asked := q.r.PostForm["password"]; !asked {
		return []page.Problem{{Field: "password", Say: "Give your password once more, since you gave it some minutes ago"}}, nil
	}
	problem, err := q.proveAgain(st.On)
	if err != nil || problem != "" {
		return []page.Problem{{Field: "password", Say: problem}}, err
	}
	q.frame.Ask = false
	return nil, nil
}
