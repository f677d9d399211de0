package portal

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"haven"
	"haven/face/portal/page"
	"haven/people/account"
	"haven/people/leaver"
	"haven/people/organisation"
	"haven/people/profile"
	requests "haven/people/request"
	"haven/people/sharedmailbox"
	"haven/platform/notify"
	"haven/platform/policy"
)

// overview is what a person's own page shows, as the services tell it.
type overview struct {
	profile   profile.Profile
	standing  account.Standing
	addresses []haven.Address // the former ones behind
	former    map[haven.Address]bool
	posts     []workplace
	ended     []leaver.Ended
	opened    []sharedmailbox.Opened
	rulesDue  time.Time
	resetFrom time.Time
	asked     map[requests.Kind]requests.Request // open, of the person's own
	apps      int
	questions int // that the person answered
	second    bool
	now       time.Time
	factorDue time.Time // from when on a second factor is required; zero: it isn't, or there is one
}

// workplace is an organisation at which a person holds posts.
type workplace struct {
	organisation.Organisation
	roles []string
}

// placeName is an organisation as pages name it.
func placeName(o organisation.Organisation) string {
	name := sharedmailbox.Capitals(o.Name)
	if place := sharedmailbox.Capitals(o.Place); place != "" {
		name += ", " + place
	}
	return name
}

func accountPage(q *request) error {
	o, err := q.overview()
	if err != nil {
		return err
	}
	v := page.Account{
		You: o.aboutYou(), Reached: o.reached(), LogIn: o.logIn(), Mail: o.mail(), Mailboxes: o.mailboxes(), Work: o.work(), State: o.state(),
	}
	handovers, err := q.handovers(o)
	if err != nil {
		return err
	}
	v.Work = append(v.Work, handovers...)
	for _, d := range profile.Dates(o.dateFacts(q.ses.Created), q.s.o.Policy.LifeCycle, q.now()) {
		w := dateWords[d.Rule]
		v.Dates = append(v.Dates, page.Row{Key: day(d.At), Value: strings.ReplaceAll(w.say, "(it)", d.Of), Change: w.href, Verb: w.verb, What: w.what})
	}
	q.frame.Title, q.frame.Back = "My account", home
	return q.show(http.StatusOK, page.AccountPage(q.frame, v))
}

// overview asks each service for its part.
func (q *request) overview() (o overview, err error) {
	ctx, no, s := q.ctx(), q.ses.Person.No, q.s.o
	if o.profile, err = s.Profiles.Of(ctx, no); err != nil {
		return o, err
	}
	o.resetFrom = resetFrom(o.profile, s.Policy.Reset)
	if o.standing, err = s.Accounts.Standing(ctx, no); err != nil {
		return o, err
	}
	known, err := s.Accounts.Addresses(ctx, no, false)
	if err != nil {
		return o, err
	}
	if o.addresses, err = s.Accounts.Addresses(ctx, no, true); err != nil {
		return o, err
	}
	o.former = map[haven.Address]bool{}
	for _, a := range o.addresses {
		o.former[a] = true
	}
	for _, a := range known {
		o.former[a] = false
	}
	if o.posts, err = q.workplaces(no); err != nil {
		return o, err
	}
	if o.ended, err = s.Leavers.Endings(ctx, no); err != nil {
		return o, err
	}
	if o.opened, err = s.Shared.For(ctx, no); err != nil {
		return o, err
	}
	if o.asked, err = q.asked(); err != nil {
		return o, err
	}
	asked, err := s.Activation.Asked(ctx, no)
	if err != nil {
		return o, err
	}
	o.questions = len(asked)
	progress, err := s.Activation.Progress(ctx, no)
	if err != nil {
		return o, err
	}
	second, err := s.SecondFactor.Of(ctx, no)
	if err != nil {
		return o, err
	}
	duty, err := q.duty()
	o.factorDue, o.now = duty.Due, q.now()
	o.rulesDue, o.second, o.apps = progress.Due, second.On, o.standing.Apps
	return o, err
}

// resetFrom is from when a person's mobile and e-mail serve for a forgotten password; zero where one lacks.
func resetFrom(p profile.Profile, r policy.Reset) time.Time {
	if p.Mobile.Value == "" || p.Email.Value == "" {
		return time.Time{}
	}
	last := p.Mobile.Made
	if last.Before(p.Email.Made) {
		last = p.Email.Made
	}
	return last.Add(r.SettledFor)
}

// workplaces are where a person holds posts now.
func (q *request) workplaces(no haven.AccountNo) (all []workplace, err error) {
	posts, err := q.s.o.Places.Posts(q.ctx(), no)
	if err != nil {
		return nil, err
	}
	at := map[organisation.ID]int{}
	for _, p := range posts {
		if !p.HeldAt(q.now()) {
			continue
		}
		i, known := at[p.Organisation]
		if !known {
			o, err := q.s.o.Places.ByID(q.ctx(), p.Organisation)
			if err != nil {
				return nil, err
			}
			i = len(all)
			at[p.Organisation], all = i, append(all, workplace{Organisation: o})
		}
		all[i].roles = append(all[i].roles, p.Role)
	}
	return all, nil
}

func (o overview) aboutYou() []page.Row {
	rows := []page.Row{
		o.askable(page.Row{Key: "Name", Value: o.profile.Person.Display, Change: "/account/name", What: "your name"}, requests.Name),
		o.askable(page.Row{Key: "Job title", Value: orNone(o.profile.Job), Change: "/account/job", Verb: verbOf(o.profile.Job != ""), What: "your job title"}, requests.Job),
		{Key: "Speciality", Value: orNone(o.profile.Speciality), Change: "/account/about", Verb: verbOf(o.profile.Speciality != ""), What: "your speciality"},
		{Key: "Note for colleagues", Value: orNone(o.profile.Note), Change: "/account/about", Verb: verbOf(o.profile.Note != ""), What: "your note for colleagues"},
		{Key: "Telephone", Value: orNone(o.profile.Telephone), Change: "/account/telephone", Verb: verbOf(o.profile.Telephone != ""), What: "your telephone number"},
	}
	for i, a := range o.addresses {
		key := "Address"
		switch {
		case o.former[a]:
			key = "Former address, seen by you alone"
		case i > 0:
			key = "Also reached at"
		}
		rows = append(rows, page.Row{Key: key, Value: a.String()})
	}
	return rows
}

// askable adds to a row that is changed by a request what was asked for.
func (o overview) askable(row page.Row, k requests.Kind) page.Row {
	if r, open := o.asked[k]; open {
		row.Value += ". You have asked for " + r.Says()
		row.Verb = "See your request"
	}
	return row
}

func (o overview) reached() []page.Row {
	shows := "Hidden in the directory"
	if o.profile.MobileShown {
		shows = "Shown in the directory"
	}
	return []page.Row{
		{Key: "Mobile number", Value: contactInWords(o.profile.Mobile), Change: "/account/mobile", Verb: verbOf(o.profile.Mobile.Value != ""), What: "your mobile number"},
		{Key: "Who sees your mobile", Value: shows, Change: "/account/mobile/shown", What: "who sees your mobile number"},
		{Key: "Personal e-mail", Value: contactInWords(o.profile.Email), Change: "/account/email", Verb: verbOf(o.profile.Email.Value != ""), What: "your personal e-mail"},
	}
}

// contactInWords shows enough of a mobile or e-mail for its own person to know it again, and no more: others may look at the screen.
func contactInWords(c account.Contact) string {
	switch {
	case c.Value == "":
		return "None"
	case c.Proven.IsZero():
		return notify.Mask(c.Value) + ", not confirmed yet"
	}
	return notify.Mask(c.Value)
}

func (o overview) logIn() []page.Row {
	expires := "Does not expire"
	if !o.standing.Expires.IsZero() {
		expires = "Expires on " + day(o.standing.Expires)
	}
	second, questions := "Not set up", "Not set: you are asked them if you forget your password"
	if o.questions > 0 {
		questions = "Set, and asked if you forget your password"
	}
	switch {
	case !o.second && !o.factorDue.IsZero() && !o.now.Before(o.factorDue):
		second = "Not set up: needed now for what owners do"
	case !o.second && !o.factorDue.IsZero():
		second = "Not set up: needed from " + day(o.factorDue)
	case o.second:
		second = "Something that you have is asked for when you log in"
	}
	return []page.Row{
		{Key: "Password", Value: expires, Change: "/account/password", What: "your password"},
		{Key: "Second step", Value: second, Change: "/account/second-step", Verb: verbOf(o.second), What: "the second step"},
		{Key: "Security questions", Value: questions, Change: "/account/questions", Verb: verbOf(o.questions > 0), What: "your security questions"},
		{Key: "Browsers", Value: "Where you are logged in", Change: "/account/sessions", Verb: "See", What: "where you are logged in"},
		{Key: "History", Value: "What was done by you and with your account", Change: "/account/history", Verb: "See", What: "the history of your account"},
		{Key: "My data", Value: "What the service holds of you, as a file", Change: "/account/data", Verb: "See", What: "what the service holds of you"},
	}
}

func (o overview) mail() []page.Row {
	return []page.Row{
		{Key: "Mail programs", Value: programsInWords(o.apps), Change: "/account/programs", What: "your mail programs"},
		{Key: "Automatic reply", Value: "What senders are told while you are away", Change: "/account/away", What: "your automatic reply"},
		{Key: "Signature", Value: "How the letters end that you write in the browser", Change: "/account/signature", What: "your signature"},
	}
}

func programsInWords(n int) string {
	switch n {
	case 0:
		return "No mail program or phone is set up"
	case 1:
		return "1 mail program or phone has a password"
	}
	return strconv.Itoa(n) + " mail programs and phones have a password"
}

func (o overview) mailboxes() (rows []page.Row) {
	for _, m := range o.opened {
		rows = append(rows, page.Row{Key: m.Account.Display, Value: rightsInWords(m.Rights), Change: mailboxPath(m) + "/leave", Verb: "Leave", What: m.Account.Display})
	}
	return rows
}

func (o overview) work() (rows []page.Row) {
	for _, w := range o.posts {
		rows = append(rows, page.Row{Key: placeName(w.Organisation), Value: strings.Join(w.roles, ", "), Change: "/account/posts/" + strconv.FormatInt(int64(w.ID), 10) + "/leave", Verb: "Leave", What: placeName(w.Organisation)})
	}
	for _, e := range o.ended {
		row := page.Row{Key: placeName(e.Place), Value: "Ended on " + day(e.At) + " by somebody else", Change: disputePath(e.Place.ID), Verb: "That is wrong", What: "about " + placeName(e.Place)}
		if !e.Disputed.IsZero() {
			row.Value, row.Change = row.Value+". You said that it was wrong on "+day(e.Disputed)+"; the owners and the helpdesk know.", ""
		}
		rows = append(rows, row)
	}
	return rows
}

// stateWords say where an account stands whose person is logged in.
var stateWords = map[account.State]string{
	account.Active:   "Your account is active.",
	account.Inactive: "Your account is inactive, since it was not used for long. It still receives mail.",
	account.Leaver:   "You have no post at the moment. You keep your address and read your mail, and can't send until somebody at your next place of work takes you on.",
}

func (o overview) state() string { return stateWords[o.standing.State] }

func (o overview) dateFacts(used time.Time) profile.DateFacts {
	f := profile.DateFacts{ResetFrom: o.resetFrom, State: o.standing.State, Since: o.standing.Since, Used: used, PasswordExpires: o.standing.Expires, RulesDue: o.rulesDue, FactorDue: o.factorDue}
	for _, m := range o.opened {
		f.Accesses = append(f.Accesses, profile.Access{Mailbox: m.Account.Display, Until: m.Until})
	}
	return f
}

// dateWords say what happens on a date, and what to do.
var dateWords = map[haven.Rule]struct{ say, href, verb, what string }{
	"password.expired":      {"Your password expires. Choose another one before then.", "/account/password", "Change", "your password"},
	"activation.policy":     {"The new rules of use have to be accepted by then.", "/activation/policy", "Read", "the rules of use"},
	"factor.required":       {"You need a second step when you log in, because you own a mailbox.", "/account/second-step/required", "Set up", "the second step"},
	"reset.contact-changed": {"From then on you can replace a forgotten password by yourself again. Until then ask the helpdesk, since your mobile or e-mail is new.", "", "", ""},
	"account.inactive":      {"Your account becomes inactive if you neither log in nor send before then. Each log in moves this date.", "", "", ""},
	"leaver.deleted":        {"Your account and its mail are deleted, unless somebody at your next place of work takes you on. Give them your address.", "", "", ""},
	"access.ended":          {"Your access to (it) ends. Ask one of its owners if you need it for longer.", "", "", ""},
}

// verbOf is the word of a link to what is there or not.
func verbOf(there bool) string {
	if there {
		return "Change"
	}
	return "Add"
}

func orNone(s string) string {
	if s == "" {
		return "None"
	}
	return s
}
