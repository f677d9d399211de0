package portal

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"haven"
	"haven/face/portal/page"
	"haven/mail/handover"
	"haven/people/account"
	"haven/people/leaver"
	"haven/people/sharedmailbox"
	"haven/platform/errs"
)

// everyCorrespondent is what the form says for all of them.
const everyCorrespondent = "all"

// handing is somebody who may hand letters over to a mailbox.
func handing(who, box account.Account) handover.Who {
	return handover.Who{Person: who.No, PersonID: who.ID, Name: who.Display, Mailbox: box.No, MailboxID: box.ID}
}

// offer is what the person who is logged in can hand over to the mailbox that the page is about.
func (q *request) offer() (o sharedmailbox.Opened, can handover.Offered, v page.Handover, err error) {
	if o, err = q.opened(); err != nil {
		return o, can, v, err
	}
	who := handing(q.ses.Person, o.Account)
	if can, err = q.s.o.Handover.Offer(q.ctx(), who); err != nil {
		return o, can, v, err
	}
	earlier, err := q.s.o.Handover.Handed(q.ctx(), q.ses.Person.No, who)
	v = page.Handover{Path: handoverPath(o), Back: mailboxPath(o), Mailbox: o.Account.Display, Folder: handover.FolderName(who.Name, q.s.o.Policy.Mailbox.FolderOctets),
		More: can.More, All: can.Count().String(), Adds: o.Rights.Has(haven.Write), Chosen: q.r.PostForm["correspondent"]}
	for _, c := range can.Correspondents {
		v.Correspondents = append(v.Correspondents, page.Choice{Value: c.Address.Key(), Label: c.Address.String(), Hint: lettersUntil(c)})
	}
	for _, h := range earlier {
		v.Earlier = append(v.Earlier, "You handed over "+h.Count.String()+" on "+day(h.At)+".")
	}
	return o, can, v, err
}

func lettersUntil(c handover.Correspondent) string {
	if c.Letters == 1 {
		return "1 letter, on " + day(c.Newest)
	}
	return strconv.Itoa(c.Letters) + " letters, the newest on " + day(c.Newest)
}

func handoverPath(o sharedmailbox.Opened) string { return mailboxPath(o) + "/handover" }

// handoverPage shows with whom both the person and the premises write. It is the person's own mail, so the password is asked for first.
func handoverPage(q *request) error {
	o, err := q.opened()
	if err != nil {
		return err
	}
	if asked, err := q.recently(handoverPath(o)); asked || err != nil {
		return err
	}
	_, _, v, err := q.offer()
	if err != nil {
		return err
	}
	return q.showHandover(http.StatusOK, v)
}

func (q *request) showHandover(code int, v page.Handover, problems ...page.Problem) error {
	q.frame.Title, q.frame.Errors, q.frame.Back = "Hand over mail", problems, v.Back
	return q.show(code, page.HandoverPage(q.frame, v))
}

// handOver shows what was chosen, and copies it once that is confirmed. What is confirmed are the correspondents that were shown by name: none who
// wrote meanwhile.
func handOver(q *request) error {
	o, err := q.opened()
	if err != nil {
		return err
	}
	if asked, err := q.recently(handoverPath(o)); asked || err != nil {
		return err
	}
	_, can, v, err := q.offer()
	if err != nil {
		return err
	}
	refuse := func(say string) error {
		return q.showHandover(http.StatusUnprocessableEntity, v, page.Problem{Field: "correspondent", Say: say})
	}
	var with []string
	for _, c := range v.Correspondents {
		if slices.Contains(v.Chosen, c.Value) || slices.Contains(v.Chosen, everyCorrespondent) {
			with, v.With = append(with, c.Value), append(v.With, c)
		}
	}
	sure := q.value("sure") == "yes"
	switch {
	case len(v.Correspondents) == 0:
		return q.showHandover(http.StatusOK, v) // it says why
	case len(with) == 0 && sure: // sent twice
		return refuse("The letters that you chose are in the mailbox already")
	case len(with) == 0:
		return refuse("Choose whose letters you hand over")
	case !sure:
		v.Letters = can.Chosen(with).String()
		q.frame.Title, q.frame.Back = "Check your answers", v.Path
		return q.show(http.StatusOK, page.HandoverCheckPage(q.frame, v))
	}
	done, err := q.s.o.Handover.HandOver(q.ctx(), q.actor(), handing(q.ses.Person, o.Account), with)
	if say, ok := sayOf(err); ok {
		return refuse(say)
	}
	if err != nil {
		return err
	}
	v.Letters = done.String()
	q.frame.Title = "You have handed over your letters"
	return q.show(http.StatusOK, page.HandoverDonePage(q.frame, v))
}

// handedOver is what whoever ends a post reads of mail to hand over: the person, where that is done; an owner, how much was handed over and how much
// could be, in numbers alone.
func (q *request) handedOver(l leaver.Leaving, v *page.Leaving) error {
	for _, b := range l.Mailboxes {
		if v.Own {
			v.HandOver = append(v.HandOver, page.Link{Href: "/mailbox/" + b.Mailbox.ID.String() + "/handover", Text: b.Mailbox.Display})
			continue
		}
		who := handing(l.Person, b.Mailbox)
		waiting, err := q.toHandOver(who)
		if errs.Is(err, errs.Denied) || errs.Is(err, errs.NotFound) { // it is not theirs
			continue
		}
		if err != nil { // a post is ended also while nobody can count
			q.s.o.Logger.Error("a page is shown without how much there is to hand over", "route", q.route.pattern, "error", err)
			continue
		}
		if waiting.Letters > 0 {
			v.Waiting = append(v.Waiting, l.Person.Display+" could still hand over "+waiting.String()+" to "+b.Mailbox.Display+".")
		}
		earlier, err := q.s.o.Handover.Handed(q.ctx(), q.ses.Person.No, who)
		if err != nil {
			return err
		}
		for _, h := range earlier {
			v.Handed = append(v.Handed, l.Person.Display+" handed over "+h.Count.String()+" to "+b.Mailbox.Display+" on "+day(h.At)+".")
		}
	}
	return nil
}

// toHandOver is how much somebody could still hand over; an error where that takes long.
func (q *request) toHandOver(who handover.Who) (handover.Count, error) {
	ctx, cancel := context.WithTimeout(q.ctx(), countTime)
	defer cancel()
	return q.s.o.Handover.Waiting(ctx, q.actor(), q.ses.Person.No, who)
}

// countTime is how long an owner waits for a number that is only told by the way.
const countTime = 5 * time.Second

// handovers are the mailboxes of the places of work to which the person can hand letters over.
func (q *request) handovers(o overview) (rows []page.Row, err error) {
	for _, w := range o.posts {
		boxes, err := q.s.o.Shared.Of(q.ctx(), w.ID)
		if err != nil {
			return nil, err
		}
		for _, m := range o.opened {
			if m.Rights.Has(haven.Write) && slices.Contains(boxes, m.Account.No) {
				rows = append(rows, page.Row{Key: "Mail to hand over", Value: "Your letters that belong to the work of " + m.Account.Display, Change: handoverPath(m), Verb: "See", What: "what you can hand over to " + m.Account.Display})
			}
		}
	}
	return rows, nil
}
