package portal

import (
	"net/http"

	"haven/face/portal/page"
	"haven/people/sharedmailbox"
)

// What the form answers.
const (
	readsAsOne = "one"
	readsEach  = "each"
)

// readingPage asks owners who counts as having read a letter (Rules 3).
func readingPage(q *request) error {
	o, err := q.owned()
	if err != nil {
		return err
	}
	on, err := q.s.o.Shared.ReadsEach(q.ctx(), o.Account.No)
	if err != nil {
		return err
	}
	now := readsAsOne
	if on {
		now = readsEach
	}
	return q.showReading(http.StatusOK, o, now)
}

func (q *request) showReading(code int, o sharedmailbox.Opened, now string, problems ...page.Problem) error {
	q.frame.Title, q.frame.Errors, q.frame.Back = "Who counts as having read a letter?", problems, mailboxPath(o)
	return q.show(code, page.ReadingPage(q.frame, mailboxPath(o), now, []page.Choice{
		{Value: readsAsOne, Label: "All together", Hint: "A letter that one of you has read is read for everybody."},
		{Value: readsEach, Label: "Each for themselves", Hint: "A letter stays unread for you until you have read it, whoever else has."},
	}))
}

func setReading(q *request) error {
	o, err := q.owned()
	if err != nil {
		return err
	}
	answer := q.value("reading")
	if answer != readsAsOne && answer != readsEach {
		return q.showReading(http.StatusUnprocessableEntity, o, answer, page.Problem{Field: "reading", Say: "Choose who counts as having read a letter"})
	}
	if err := q.s.o.Shared.SetReadsEach(q.ctx(), q.actor(), o.Account.No, answer == readsEach); err != nil {
		return err
	}
	q.frame.Done = "A letter that one of you has read is now read for everybody."
	if answer == readsEach {
		q.frame.Done = "Everybody now reads for themselves."
	}
	return mailboxPage(q)
}
