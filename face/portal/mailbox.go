package portal

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"haven"
	"haven/face/portal/page"
	"haven/people/account"
	"haven/people/openinghours"
	"haven/people/secondfactor"
	"haven/people/sharedmailbox"
	"haven/platform/errs"
)

// opened is the mailbox that a page is about, as the person who asks may open it. What the person may not know of is not found, like
// what is not there.
func (q *request) opened() (sharedmailbox.Opened, error) {
	all, err := q.s.o.Shared.For(q.ctx(), q.ses.Person.No)
	if err != nil {
		return sharedmailbox.Opened{}, err
	}
	for _, o := range all {
		if o.Account.ID.String() == q.r.PathValue("id") {
			return o, nil
		}
	}
	return sharedmailbox.Opened{}, errs.E(errs.NotFound, "")
}

// owned is opened for its owners alone.
func (q *request) owned() (sharedmailbox.Opened, error) {
	o, err := q.opened()
	if err == nil && !o.Rights.Has(haven.Manage) {
		err = errOwners
	}
	if err == nil {
		err = q.mayOwn(o.Account.ID)
	}
	return o, err
}

var errOwners = &errs.Error{Kind: errs.Denied, Rule: "sharedmailbox.owners", Say: "Only an owner of the mailbox does this. Ask one of them."}

func mailboxPath(o sharedmailbox.Opened) string { return "/mailbox/" + o.Account.ID.String() }

// mailboxPage shows a mailbox: to its owners who has access, to others whom to ask.
func mailboxPage(q *request) error {
	o, err := q.opened()
	if err != nil {
		return err
	}
	members, err := q.s.o.Shared.Members(q.ctx(), q.ses.Person.No, o.Account.No)
	if err != nil {
		return err
	}
	v := page.MailboxView{Path: mailboxPath(o), Card: cardPath(o.Account.ID, ""), Name: o.Account.Display, Address: o.Account.Address.String(), Rights: rightsInWords(o.Rights), Owner: o.Rights.Has(haven.Manage), Shut: o.Shut}
	for _, m := range members {
		if row := q.member(m, o); row.Owner || v.Owner {
			v.Members = append(v.Members, row)
		}
	}
	v.OneOwner = v.Owner && sharedmailbox.LiveOwners(members, q.now()) < q.s.o.Policy.Shared.AskedOwners
	if v.Owner {
		_, complete, err := q.s.o.Legal.Of(q.ctx(), o.Account.No)
		if err != nil {
			return err
		}
		v.NoLegal = !complete
		due, err := q.reviews([]sharedmailbox.Opened{o})
		if err != nil {
			return err
		}
		v.Review = len(due) > 0
	}
	q.frame.Title, q.frame.Back = o.Account.Display, home
	return q.show(http.StatusOK, page.MailboxPage(q.frame, v))
}

// member is a membership as the page shows it.
func (q *request) member(m sharedmailbox.Membership, o sharedmailbox.Opened) page.Member {
	row := page.Member{Name: m.Person.Display, Address: m.Person.Address.String(), Owner: m.Owner(), Rights: memberRights(m.Rights),
		You: m.Person.No == q.ses.Person.No, Href: mailboxPath(o) + "/member/" + m.Person.ID.String()}
	now := q.now()
	switch {
	case !m.Until.IsZero() && !now.Before(m.Until):
		row.State = "Ended on " + day(m.Until)
	case now.Before(m.From):
		row.State = "Begins on " + day(m.From)
	case !m.Until.IsZero():
		row.State = "Until " + lastDay(m.Until)
	case m.Person.State == account.Invited:
		row.State = "Not activated yet"
	case m.Person.State != account.Active:
		row.State = "Account is " + m.Person.State.String()
	}
	return row
}

// moment is a time of day, in London's time.
func moment(t time.Time) string { return t.In(openinghours.London).Format("2 January 2006, 15:04") }

func day(t time.Time) string { return t.In(openinghours.London).Format("2 January 2006") }

// lastDay is the day on which an access is good for the last time; "" without an end.
func lastDay(until time.Time) string {
	if until.IsZero() {
		return ""
	}
	return day(until.Add(-time.Second))
}

// clockTime is a time of today.
func clockTime(t time.Time) string { return t.In(openinghours.London).Format("15:04") }

// memberRights says what somebody else may do.
func memberRights(r haven.Rights) string {
	switch {
	case r.Has(haven.Manage):
		return "Owner"
	case r.Has(haven.Member):
		return "Reads and answers"
	case r.Has(haven.Read | haven.Write):
		return "Reads and files"
	}
	return "Reads"
}

// The answers to what somebody may do.
var roles = []page.Choice{
	{Value: "member", Label: "Read and answer", Hint: "What most of the team need."},
	{Value: "read", Label: "Read only"},
	{Value: "owner", Label: "Owner", Hint: "Also says who has access, and keeps the mailbox right."},
}

var rightsOf = map[string]haven.Rights{"member": haven.Member, "read": haven.Read, "owner": haven.Owner}

func roleOf(r haven.Rights) string {
	switch {
	case r.Has(haven.Manage):
		return "owner"
	case r.Has(haven.Write):
		return "member"
	}
	return "read"
}

// ends are the answers to how long somebody has access.
var ends = []page.Choice{
	{Value: "", Label: "Until somebody takes it away"},
	{Value: "today", Label: "Until the end of today"},
	{Value: "week", Label: "For 7 days"},
}

// endOf is when an access ends that was given now.
func endOf(choice string, now time.Time) (until time.Time, ok bool) {
	midnight := func(days int) time.Time {
		y, m, d := now.In(openinghours.London).Date()
		return time.Date(y, m, d+days, 0, 0, 0, 0, openinghours.London)
	}
	switch choice {
	case "":
		return time.Time{}, true
	case "today":
		return midnight(1), true
	case "week":
		return midnight(8), true
	}
	return time.Time{}, false
}

func addPage(q *request) error {
	o, err := q.owned()
	if err != nil {
		return err
	}
	return q.showAdd(http.StatusOK, o, page.Adding{Role: "member"})
}

func (q *request) showAdd(code int, o sharedmailbox.Opened, in page.Adding, problems ...page.Problem) error {
	in.Path, in.Mailbox, in.Roles, in.Ends = mailboxPath(o), o.Account.Display, roles, ends
	q.frame.Title, q.frame.Errors, q.frame.Back = "Give a colleague access", problems, mailboxPath(o)
	return q.show(code, page.AddPage(q.frame, in))
}

// add checks whom an owner means, and shows the person before anything is done.
func add(q *request) error {
	o, err := q.owned()
	if err != nil {
		return err
	}
	in := page.Adding{Address: q.value("address"), Role: q.value("role"), End: q.value("end")}
	if in.Address == "" && q.value("find") != "" { // whom to choose from was shown, and nobody was chosen
		in.Address = q.value("find")
	}
	who, problems, err := q.adding(in)
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		return q.showAdd(http.StatusUnprocessableEntity, o, in, problems...)
	}
	if who.No == 0 {
		return q.byName(o, in)
	}
	at, works, err := q.worksAt(o, who)
	if err != nil {
		return err
	}
	joins := at && !works && in.End == ""
	if q.value("sure") != "yes" {
		in.Joins, in.Leaver = joins, who.State == account.Leaver
		in.Path, in.Mailbox, in.Name = mailboxPath(o), o.Account.Display, who.Display
		in.RoleInWords, in.EndInWords = choice(roles, in.Role), choice(ends, in.End)
		if err := q.alike(&in, who); err != nil {
			return err
		}
		q.frame.Title, q.frame.Back = "Is this the right person?", mailboxPath(o)+"/add"
		return q.show(http.StatusOK, page.AddCheckPage(q.frame, in))
	}
	if asked, err := q.recently(mailboxPath(o) + "/add"); asked || err != nil {
		return err
	}
	until, _ := endOf(in.End, q.now())
	give := q.s.o.Shared.AddMember
	if joins && q.value("works") == "yes" {
		give = q.s.o.Leavers.Join
	}
	err = give(q.ctx(), q.actor(), o.Account.No, sharedmailbox.Grant{Person: who.No, Rights: rightsOf[in.Role], Until: until})
	if say, ok := sayOf(err); ok {
		return q.showAdd(http.StatusUnprocessableEntity, o, in, page.Problem{Field: "address", Say: say})
	}
	if err != nil {
		return err
	}
	q.frame.Done = who.Display + " has access to the mailbox now."
	return mailboxPage(q)
}

// adding reads the form; it is the zero account where a name was typed and not an address. Whether there is a person with an address is no secret to
// an owner who is logged in.
func (q *request) adding(in page.Adding) (who account.Account, problems []page.Problem, err error) {
	if rightsOf[in.Role] == 0 {
		problems = append(problems, page.Problem{Field: "role", Say: "Say what your colleague may do"})
	}
	if _, ok := endOf(in.End, q.now()); !ok {
		problems = append(problems, page.Problem{Field: "end", Say: "Say for how long"})
	}
	if in.Address == "" {
		return who, append([]page.Problem{{Field: "address", Say: "Enter your colleague's name or address"}}, problems...), nil
	}
	if !strings.Contains(in.Address, "@") {
		return who, problems, nil
	}
	addr, failed := haven.ParseAddress(in.Address)
	if failed != nil {
		return who, append([]page.Problem{{Field: "address", Say: "Enter the whole address, like name@" + q.s.o.Accounts.Domain()}}, problems...), nil
	}
	who, err = q.s.o.Accounts.Resolve(q.ctx(), addr)
	if errs.Is(err, errs.NotFound) || err == nil && who.Kind != haven.Personal {
		return who, append([]page.Problem{{Field: "address", Say: "Nobody has this address. Ask your colleague for the own address, not the mailbox's"}}, problems...), nil
	}
	return who, problems, err
}

func choice(of []page.Choice, value string) string {
	for _, c := range of {
		if c.Value == value {
			return c.Label
		}
	}
	return ""
}

// sayOf is the sentence of an error that belongs on the form that caused it.
func sayOf(err error) (string, bool) {
	e := (*errs.Error)(nil)
	if errors.As(err, &e) && e.Rule == string(secondfactor.RuleRequired) {
		return "", false // a page of its own leads to the way out
	}
	if errors.As(err, &e) && e.Say != "" && (e.Kind == errs.Invalid || e.Kind == errs.Conflict || e.Kind == errs.Denied || e.Kind == errs.TooMany) {
		return e.Say, true
	}
	return "", false
}

// membership is the member whom a page is about, for the mailbox's owners.
func (q *request) membership() (o sharedmailbox.Opened, m sharedmailbox.Membership, err error) {
	if o, err = q.owned(); err != nil {
		return o, m, err
	}
	all, err := q.s.o.Shared.Members(q.ctx(), q.ses.Person.No, o.Account.No)
	if err != nil {
		return o, m, err
	}
	for _, m := range all {
		if m.Person.ID.String() == q.r.PathValue("person") {
			return o, m, nil
		}
	}
	return o, m, errs.E(errs.NotFound, "")
}

func memberPage(q *request) error {
	o, m, err := q.membership()
	if err != nil {
		return err
	}
	return q.showMember(http.StatusOK, o, m)
}

func (q *request) showMember(code int, o sharedmailbox.Opened, m sharedmailbox.Membership, problems ...page.Problem) error {
	q.frame.Title, q.frame.Errors, q.frame.Back = m.Person.Display, problems, mailboxPath(o)
	v := page.MemberView{Member: q.member(m, o), Mailbox: o.Account.Display, Role: roleOf(m.Rights), Roles: roles}
	at, works, err := q.worksAt(o, m.Person)
	if err != nil {
		return err
	}
	v.Works = at && works
	if v.Waiting, err = q.notActivated(o, m); err != nil {
		return err
	}
	return q.show(code, page.MemberPage(q.frame, v))
}

func changeMember(q *request) error {
	o, m, err := q.membership()
	if err != nil {
		return err
	}
	rights := rightsOf[q.value("role")]
	if rights == 0 {
		return q.showMember(http.StatusUnprocessableEntity, o, m, page.Problem{Field: "role", Say: "Say what " + m.Person.Display + " may do"})
	}
	if asked, err := q.recently(mailboxPath(o)); asked || err != nil {
		return err
	}
	err = q.s.o.Shared.ChangeMember(q.ctx(), q.actor(), o.Account.No, sharedmailbox.Change{Person: m.Person.No, Rights: rights})
	if say, ok := sayOf(err); ok {
		return q.showMember(http.StatusUnprocessableEntity, o, m, page.Problem{Field: "role", Say: say})
	}
	if err != nil {
		return err
	}
	if m.Person.No == q.ses.Person.No && !rights.Has(haven.Manage) {
		return q.redirect(mailboxPath(o))
	}
	q.frame.Done = m.Person.Display + ": " + choice(roles, q.value("role")) + "."
	return mailboxPage(q)
}

// removeMember ends a colleague's access at once, in sessions that are open too. It asks for no password again: taking access away is never
// delayed (Rules 3).
func removeMember(q *request) error {
	o, m, err := q.membership()
	if err != nil {
		return err
	}
	err = q.s.o.Shared.RemoveMember(q.ctx(), q.actor(), o.Account.No, m.Person.No)
	if say, ok := sayOf(err); ok {
		return q.showMember(http.StatusUnprocessableEntity, o, m, page.Problem{Say: say})
	}
	if err != nil {
		return err
	}
	if m.Person.No == q.ses.Person.No {
		return q.redirect(home)
	}
	q.frame.Done = m.Person.Display + " has no access to the mailbox any more."
	return mailboxPage(q)
}
