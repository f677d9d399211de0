package portal

import (
	"context"
	"net/http"

	"haven/face/portal/page"
	"haven/people/helpdesk"
)

// longestLost is how much somebody may write in a field.
const longestLost = 200 // characters

func lostDetailsPage(q *request) error { return q.showLostDetails(http.StatusOK, page.LostDetails{}) }

func (q *request) showLostDetails(code int, in page.LostDetails, problems ...page.Problem) error {
	q.frame.Title, q.frame.Errors, q.frame.Back = "Lost your details", problems, "/"
	return q.show(code, page.LostDetailsPage(q.frame, in))
}

// lostDetails says the same whatever it finds; the answer goes to the e-mail on file, or a desk gets a call (Rules 9).
func lostDetails(q *request) error {
	in := page.LostDetails{What: q.value("what"), First: q.value("first"), Last: q.value("last"), Code: q.value("code"), Mailbox: q.value("mailbox")}
	var problems []page.Problem
	need := func(field, value, say string) {
		if value == "" {
			problems = append(problems, page.Problem{Field: field, Say: say})
		} else if len([]rune(value)) > longestLost {
			problems = append(problems, page.Problem{Field: field, Say: "That is too long"})
		}
	}
	if in.What != "mine" && in.What != "mailbox" {
		problems = append(problems, page.Problem{Field: "what", Say: "Say what you have lost"})
	}
	need("first", in.First+in.Last, "Enter your name")
	need("code", in.Code, "Enter the ODS code of the premises")
	if in.What == "mine" {
		need("mailbox", in.Mailbox, "Enter the address of the premises' mailbox")
	}
	if len(problems) > 0 {
		return q.showLostDetails(http.StatusUnprocessableEntity, in, problems...)
	}
	l, actor := helpdesk.Lost{First: in.First, Last: in.Last, Code: in.Code}, q.actor()
	if in.What == "mine" {
		l.Mailbox = in.Mailbox
	}
	err := q.s.later(func(ctx context.Context) error {
		_, err := q.s.o.Helpdesk.Answer(ctx, actor, l)
		q.s.o.Notices.Nudge()
		return err
	})
	if err != nil {
		return err
	}
	q.frame.Title = "Thank you"
	return q.show(http.StatusOK, page.MessagePage(q.frame, page.Message{Heading: "Thank you", Say: []string{
		"If we know you there, your details are on their way to your personal e-mail. If not, the pharmacy helpdesk has your question and looks at it.", q.frame.Desk},
		Next: []page.Link{{Href: "/forgotten-password", Text: "I have forgotten my password"}, {Href: "/", Text: "Go to the start page"}}}))
}
