package portal

import (
	"net/http"
	"strconv"

	"haven/face/portal/page"
	"haven/people/account"
	"haven/platform/errs"
)

// programs lists a person's passwords of mail programs.
func programs(q *request) error {
	all, err := q.s.o.Accounts.AppPasswords(q.ctx(), q.ses.Person.No)
	if err != nil {
		return err
	}
	names, _, err := q.targets()
	if err != nil {
		return err
	}
	var rows []page.AppPassword
	for _, p := range all {
		used := "Never used"
		if !p.Used.IsZero() {
			used = "Last used on " + day(p.Used)
		}
		row := page.AppPassword{ID: strconv.FormatInt(p.ID, 10), Name: p.Name, Made: day(p.Made), Used: used, Mailbox: "A mailbox that you don't open any more"}
		for _, t := range names {
			if t.No == p.Target {
				row.Mailbox = t.Display
			}
		}
		rows = append(rows, row)
	}
	q.frame.Title, q.frame.Back = "Mail programs and phones", "/account"
	return q.show(http.StatusOK, page.ProgramsPage(q.frame, rows))
}

// targets are the mailboxes of a person, the own one first, and those of them that mail programs may open: only for these there are passwords.
func (q *request) targets() (all, open []account.Account, err error) {
	opened, err := q.s.o.Shared.For(q.ctx(), q.ses.Person.No)
	if err != nil {
		return nil, nil, err
	}
	own, err := q.s.o.Accounts.Programs(q.ctx(), q.ses.Person.No)
	all = []account.Account{q.ses.Person}
	if own {
		open = append(open, q.ses.Person)
	}
	for _, o := range opened {
		all = append(all, o.Account)
		if !o.Shut {
			open = append(open, o.Account)
		}
	}
	return all, open, err
}

var errShut = &errs.Error{Kind: errs.Denied, Rule: account.RuleShut, Say: "None of your mailboxes opens to mail programs. Read them on the pages; the helpdesk can tell you why."}

func newProgramPage(q *request) error {
	if asked, err := q.recently("/account/programs/new"); asked || err != nil {
		return err
	}
	return q.showNewProgram(http.StatusOK, page.NewProgram{})
}

func (q *request) showNewProgram(code int, in page.NewProgram, problems ...page.Problem) error {
	_, all, err := q.targets()
	if err != nil {
		return err
	}
	for _, t := range all {
		c := page.Choice{Value: t.ID.String(), Label: t.Display, Hint: t.Address.String()}
		if t.No == q.ses.Person.No {
			c.Label = "All my mailboxes"
			c.Hint = "Your own stands first; the others are folders under Shared. Right for most programs."
		}
		in.Mailboxes = append(in.Mailboxes, c)
	}
	if len(in.Mailboxes) == 0 {
		return errShut
	}
	if in.Mailbox == "" {
		in.Mailbox = in.Mailboxes[0].Value
	}
	q.frame.Title, q.frame.Errors, q.frame.Back = "A password for a mail program", problems, "/account/programs"
	return q.show(code, page.NewProgramPage(q.frame, in))
}

// newProgram makes a password, and shows it this once with the settings that go with it.
func newProgram(q *request) error {
	in := page.NewProgram{Name: q.value("name"), Mailbox: q.value("mailbox")}
	if in.Name == "" {
		return q.showNewProgram(http.StatusUnprocessableEntity, in, page.Problem{Field: "name", Say: "Say which program it is for, so that you know it again"})
	}
	_, all, err := q.targets()
	if err != nil {
		return err
	}
	var target account.Account
	for _, t := range all {
		if t.ID.String() == in.Mailbox {
			target = t
		}
	}
	if target.No == 0 {
		return q.showNewProgram(http.StatusUnprocessableEntity, page.NewProgram{Name: in.Name}, page.Problem{Field: "mailbox", Say: "Choose one of your mailboxes"})
	}
	if asked, err := q.recently("/account/programs/new"); asked || err != nil {
		return err
	}
	secret, err := q.s.o.Accounts.NewAppPassword(q.ctx(), q.actor(), q.ses.Person.No, target.No, in.Name)
	if say, ok := sayOf(err); ok {
		return q.showNewProgram(http.StatusUnprocessableEntity, in, page.Problem{Field: "name", Say: say})
	}
	if err != nil {
		return err
	}
	user := q.ses.Person.Address.String()
	p := q.s.o.Programs
	q.frame.Title, q.frame.Back = "Set up your mail program", "/account/programs"
	return q.show(http.StatusOK, page.ProgramReadyPage(q.frame, page.ProgramReady{Name: in.Name, Mailbox: target.Display, User: user, Secret: secret, Address: target.Address.String(),
		IMAPHost: p.IMAPHost, IMAPPort: p.IMAPPort, SMTPHost: p.SMTPHost, SMTPPort: p.SMTPPort}))
}

func revokeProgram(q *request) error {
	id, err := strconv.ParseInt(q.value("id"), 10, 64)
	if err != nil {
		return errs.E(errs.NotFound, "")
	}
	if err := q.s.o.Accounts.RevokeAppPassword(q.ctx(), q.actor(), q.ses.Person.No, id); err != nil {
		return err
	}
	q.frame.Done = "The password is revoked. The program that used it is logged out."
	return programs(q)
}

func lostPage(q *request) error {
	q.frame.Title, q.frame.Back = "I have lost a phone or computer", "/account"
	return q.show(http.StatusOK, page.LostPage(q.frame))
}

// lost ends everything that a lost phone or computer could open: passwords of mail programs, log ins in
// other browsers, and what let a browser past the second step. It asks for no
// password again, since it gives nothing.
func lost(q *request) error {
	all, err := q.s.o.Accounts.AppPasswords(q.ctx(), q.ses.Person.No)
	if err != nil {
		return err
	}
	for _, p := range all {
		if err := q.s.o.Accounts.RevokeAppPassword(q.ctx(), q.actor(), q.ses.Person.No, p.ID); err != nil && !errs.Is(err, errs.NotFound) {
			return err
		}
	}
	if err := q.s.o.SecondFactor.DistrustAll(q.ctx(), q.actor(), q.ses.Person); err != nil {
		return err
	}
	if err := q.s.o.Sessions.RevokeOthers(q.ctx(), q.actor(), q.ses.Person, q.token); err != nil {
		return err
	}
	q.frame.Title = "Everything else is logged out"
	return q.show(http.StatusOK, page.LostDonePage(q.frame, len(all)))
}
