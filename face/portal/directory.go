package portal

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"haven"
	"haven/face/portal/page"
	"haven/people/directory"
	"haven/people/organisation"
	"haven/people/sharedmailbox"
	"haven/platform/errs"
)

// directoryPart is how script asks for what changes while one types, and how it knows the answer from another page, such as the log in.
const directoryPart = "Haven-Part"

// searchPage looks for people and premises. Script sends the same request while one types, and gets the part of the page that changes.
func searchPage(q *request) error {
	text := strings.TrimSpace(q.r.URL.Query().Get("q"))
	v := page.Directory{Text: text, Least: q.s.o.Policy.Directory.LeastLetters}
	q.frame.Title, q.frame.Back = "Directory", home
	if text == "" {
		if err := q.s.o.Directory.May(q.ctx(), q.actor()); err != nil {
			return err
		}
		if q.r.URL.Query().Has("q") {
			q.frame.Errors = []page.Problem{{Field: "q", Say: "Enter a name, a place, an organisation or a code"}}
		}
		return q.showFound(http.StatusOK, v)
	}
	found, err := q.s.o.Directory.Search(q.ctx(), q.actor(), text)
	if say, ok := sayOf(err); ok && !errs.Is(err, errs.Denied) {
		v.Says = say
		q.frame.Errors = []page.Problem{{Field: "q", Say: say}}
		code := http.StatusUnprocessableEntity
		if errs.Is(err, errs.TooMany) {
			code = http.StatusTooManyRequests
		}
		return q.showFound(code, v)
	}
	if err != nil {
		return err
	}
	v.Says, v.Missing = foundInWords(found), len(found.Entries) == 0
	for _, e := range found.Entries {
		v.Entries = append(v.Entries, listed(e, text))
	}
	return q.showFound(http.StatusOK, v)
}

// showFound shows the page, or to script what changes of it.
func (q *request) showFound(code int, v page.Directory) error {
	if q.r.Header.Get(directoryPart) == "" {
		if len(q.frame.Errors) > 0 {
			v.Says = "" // the field says it
		}
		return q.show(code, page.SearchPage(q.frame, v))
	}
	q.w.Header().Set(directoryPart, "directory")
	return q.show(code, page.DirectoryFound(v))
}

func foundInWords(f directory.Found) string {
	switch n := len(f.Entries); {
	case n == 0:
		return "Nobody found."
	case f.More:
		return fmt.Sprintf("The first %d. There may be others: type more to tell them apart.", n)
	default:
		return fmt.Sprintf("%d found.", n)
	}
}

func cardPath(id haven.AccountID, text string) string {
	path := "/directory/" + id.String()
	if text != "" {
		path += "?q=" + url.QueryEscape(text)
	}
	return path
}

// listed is an entry in the list.
func listed(e directory.Entry, text string) page.Listed {
	l := page.Listed{Href: cardPath(e.Account.ID, text), Name: e.Account.Display, Job: capital(e.Job), Address: e.Account.Address.String(), Telephone: e.Telephone,
		Mailbox: e.Account.Kind == haven.Shared}
	if !l.Mailbox { // whose name holds it
		for _, p := range e.Places {
			l.Places = append(l.Places, placeOf(p))
		}
	}
	l.About, _, _ = strings.Cut(e.About, "\n")
	return l
}

// placeOf is where a person works, with its code, by which it is found too.
func placeOf(p directory.Place) string {
	name := placeName(organisation.Organisation{Name: p.Name, Place: p.Town})
	if p.Code != "" {
		name += " (" + string(p.Code) + ")"
	}
	return name
}

// capital writes the role of a post, which is in small letters, as the beginning of a line.
func capital(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// cardPage shows one entry. Whoever can't be found is not there.
func cardPage(q *request) error {
	id, ok := haven.ParseAccountID(q.r.PathValue("id"))
	if !ok {
		return directory.ErrUnknown
	}
	e, err := q.s.o.Directory.Card(q.ctx(), q.actor(), id)
	if err != nil {
		return err
	}
	c := page.Card{Name: e.Account.Display, About: e.About, Own: e.Account.No == q.ses.Person.No, Rows: cardRows(e)}
	if e.Account.Kind == haven.Shared {
		opened, err := q.s.o.Shared.For(q.ctx(), q.ses.Person.No)
		if err != nil {
			return err
		}
		for _, o := range opened {
			if o.Account.No == e.Account.No && o.Rights.Has(haven.Manage) {
				c.Manage = mailboxPath(o) + "/about"
			}
		}
	}
	q.frame.Title, q.frame.Back = e.Account.Display, "/directory"
	if text := q.r.URL.Query().Get("q"); text != "" {
		q.frame.Back += "?q=" + url.QueryEscape(text)
	}
	return q.show(http.StatusOK, page.CardPage(q.frame, c))
}

func cardRows(e directory.Entry) (rows []page.Row) {
	add := func(key, value string) {
		if value != "" {
			rows = append(rows, page.Row{Key: key, Value: value})
		}
	}
	add("Job", capital(e.Job))
	add("Speciality", e.Speciality)
	for _, p := range e.Places {
		if e.Account.Kind == haven.Shared {
			add("ODS code", string(p.Code))
			add("Where", strings.Join(append(capitalsOf(p.Lines), p.Postcode), ", "))
		} else {
			add("Works at", placeOf(p))
		}
	}
	add("Address", e.Account.Address.String())
	add("Telephone", e.Telephone)
	add("Mobile", mobileInWords(e.Mobile))
	add("Note", e.Note)
	return rows
}

func capitalsOf(lines []string) (all []string) {
	for _, l := range lines {
		all = append(all, sharedmailbox.Capitals(l))
	}
	return all
}

// mobileInWords writes a number as it is dialled here.
func mobileInWords(number string) string {
	if n, ok := strings.CutPrefix(number, "+44"); ok && len(n) == 10 {
		return "0" + n[:4] + " " + n[4:]
	}
	return number
}

// aboutMailbox asks owners what their mailbox is for.
func aboutMailbox(q *request) error {
	o, err := q.owned()
	if err != nil {
		return err
	}
	text, err := q.s.o.Shared.About(q.ctx(), o.Account.No)
	if err != nil {
		return err
	}
	return q.showAbout(http.StatusOK, o, text)
}

func (q *request) showAbout(code int, o sharedmailbox.Opened, text string, problems ...page.Problem) error {
	hint := fmt.Sprintf("Everybody who finds the mailbox in the directory reads it: what it is for, and what you accept by e-mail. For example: Discharge notes: yes. Prescriptions: no, by EPS only. At most %d characters.", q.s.o.Policy.Shared.AboutRunes)
	q.frame.Title, q.frame.Errors, q.frame.Back = "About this mailbox", problems, mailboxPath(o)
	return q.show(code, page.AboutPage(q.frame, mailboxPath(o), text, hint))
}

func setAboutMailbox(q *request) error {
	o, err := q.owned()
	if err != nil {
		return err
	}
	text := q.value("about")
	err = q.s.o.Shared.SetAbout(q.ctx(), q.actor(), o.Account.No, text)
	if say, ok := sayOf(err); ok {
		return q.showAbout(http.StatusUnprocessableEntity, o, text, page.Problem{Field: "about", Say: say})
	}
	if err != nil {
		return err
	}
	q.frame.Done = "The directory says it now."
	return mailboxPage(q)
}
