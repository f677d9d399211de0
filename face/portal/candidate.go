package portal

import (
	"errors"
	"net/http"
	"strings"

	"haven"
	"haven/face/portal/page"
	"haven/people/account"
	"haven/people/directory"
	"haven/people/sharedmailbox"
	"haven/platform/errs"
)

// workOf is what the directory says of a person's work: the job, and where.
func workOf(e directory.Entry) (job string, places []string) {
	for _, p := range e.Places {
		places = append(places, placeOf(p))
	}
	return capital(e.Job), places
}

// alikeOf is a person beside others, as the directory shows the person.
func alikeOf(e directory.Entry) page.Alike {
	job, places := workOf(e)
	return page.Alike{Name: e.Account.Display, Address: e.Account.Address.String(), Job: job, Places: places}
}

// choices are people to choose from, each with what tells the person apart from another of the name.
func (q *request) choices(people []account.Account) (all []page.Choice, err error) {
	var numbers []haven.AccountNo
	for _, a := range people {
		numbers = append(numbers, a.No)
	}
	shown, err := q.s.o.Directory.Shown(q.ctx(), q.actor(), numbers)
	if err != nil {
		return nil, err
	}
	for _, a := range people {
		all = append(all, page.Choice{Value: a.ID.String(), Label: a.Display, Hint: hintOf(shown[a.No], a.Address)})
	}
	return all, nil
}

// hintOf says in a line what a person does, where, and under which address.
func hintOf(e directory.Entry, address haven.Address) string {
	job, places := workOf(e)
	var said []string
	if job != "" {
		said = append(said, job)
	}
	said = append(append(said, places...), address.String())
	return strings.Join(said, " · ")
}

// byName shows the people of a name, for an owner to choose whom to give access. Mailboxes are not among them: they read nothing.
func (q *request) byName(o sharedmailbox.Opened, in page.Adding) error {
	refuse := func(say string) error {
		return q.showAdd(http.StatusUnprocessableEntity, o, in, page.Problem{Field: "address", Say: say})
	}
	found, err := q.s.o.Directory.Search(q.ctx(), q.actor(), in.Address)
	if say, ok := sayOf(err); ok {
		return refuse(say)
	}
	if err != nil {
		return err
	}
	for _, e := range found.Entries {
		if a := e.Account; a.Kind == haven.Personal && a.No != q.ses.Person.No {
			in.Found = append(in.Found, page.Choice{Value: a.Address.String(), Label: a.Display, Hint: hintOf(e, a.Address)})
		}
	}
	if len(in.Found) == 0 {
		return refuse("Nobody of this name is in the directory. Look at the spelling, or enter the whole address. People are in it once they have activated their account.")
	}
	in.Path, in.Mailbox, in.MoreFound = mailboxPath(o), o.Account.Display, found.More
	q.frame.Title, q.frame.Back = "Which colleague?", mailboxPath(o)+"/add"
	code := http.StatusOK
	if q.value("find") != "" {
		code, q.frame.Errors = http.StatusUnprocessableEntity, []page.Problem{{Field: "address", Say: "Choose your colleague"}}
	}
	return q.show(code, page.AddWhichPage(q.frame, in))
}

// alike adds to the page that asks whether it is the right person what the directory shows of the person and of others of the same name. Where the
// owner searched too often today, it says so, and access is given all the same.
func (q *request) alike(in *page.Adding, who account.Account) error {
	c, err := q.s.o.Directory.Candidate(q.ctx(), q.actor(), who)
	e := (*errs.Error)(nil)
	if errors.As(err, &e) && (e.Kind == errs.TooMany || e.Kind == errs.Denied) {
		in.Unlooked = true
		return nil
	}
	if err != nil {
		return err
	}
	in.Job, in.Places = workOf(c.Entry)
	in.MoreAlike = c.More
	for _, n := range c.Namesakes {
		in.Alike = append(in.Alike, alikeOf(n))
	}
	return nil
}
