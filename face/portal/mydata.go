package portal

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"haven/face/portal/page"
	"haven/people/account"
	"haven/people/activation"
	"haven/people/sharedmailbox"
	"haven/platform/audit"
)

// The bounds of a person's own record: the newest of what was done is in it.
const (
	recordRows = 5000
	recordStep = 500
)

// record is what the service holds of a person but for the mail, as a file that a program reads and a person too. Passwords, codes and answers are in nobody's:
// they are not kept in a form that could be read.
type record struct {
	Made       time.Time       `json:"made"`
	Name       string          `json:"name"`
	FirstName  string          `json:"first_name"`
	LastName   string          `json:"last_name"`
	ID         string          `json:"id"`
	State      string          `json:"account_state"`
	Since      time.Time       `json:"account_state_since"`
	Addresses  []recordAddress `json:"addresses"`
	JobTitle   string          `json:"job_title,omitempty"`
	Speciality string          `json:"speciality,omitempty"`
	Note       string          `json:"note,omitempty"`
	Telephone  string          `json:"telephone,omitempty"`
	Signature  string          `json:"signature,omitempty"`
	Mobile     *recordContact  `json:"mobile,omitempty"`
	Email      *recordContact  `json:"personal_email,omitempty"`
	Shown      bool            `json:"mobile_shown_in_directory"`
	Questions  []string        `json:"security_questions_chosen"`
	SecondStep bool            `json:"second_step"`
	Expires    *time.Time      `json:"password_expires,omitempty"`
	Posts      []recordPost    `json:"posts"`
	Mailboxes  []recordMailbox `json:"shared_mailboxes"`
	Programs   []recordProgram `json:"mail_programs"`
	LoggedIn   []recordSession `json:"logged_in_at"`
	History    []recordEvent   `json:"history_newest_first"`
}

type recordAddress struct {
	Address string `json:"address"`
	Former  bool   `json:"former,omitempty"`
}

type recordContact struct {
	Value  string     `json:"value"`
	Proven *time.Time `json:"proven,omitempty"`
}

type recordPost struct {
	Organisation string     `json:"organisation"`
	Code         string     `json:"ods_code,omitempty"`
	Role         string     `json:"role"`
	From         time.Time  `json:"from"`
	Until        *time.Time `json:"until,omitempty"`
}

type recordMailbox struct {
	Name    string     `json:"name"`
	Address string     `json:"address"`
	Rights  string     `json:"rights"`
	Until   *time.Time `json:"until,omitempty"`
}

type recordProgram struct {
	Name string     `json:"name"`
	Made time.Time  `json:"made"`
	Used *time.Time `json:"last_used,omitempty"`
}

type recordSession struct {
	Browser string    `json:"browser"`
	Place   string    `json:"network_address"`
	From    time.Time `json:"from"`
	Used    time.Time `json:"last_used"`
}

type recordEvent struct {
	At   time.Time `json:"at"`
	Who  string    `json:"who"`
	What string    `json:"what"`
	From string    `json:"network_address,omitempty"`
}

func myDataPage(q *request) error {
	if asked, err := q.recently("/account/data"); asked || err != nil {
		return err
	}
	q.frame.Title, q.frame.Back = "My data", "/account"
	return q.show(http.StatusOK, page.MyDataPage(q.frame))
}

// myData gives a person the own record as a file. That it was taken is written down.
func myData(q *request) error {
	if asked, err := q.recently("/account/data"); asked || err != nil {
		return err
	}
	r, err := q.record()
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := q.s.o.Accounts.RecordTaken(q.ctx(), q.actor(), q.ses.Person.No); err != nil {
		return err
	}
	h := q.w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="my-data-`+q.now().UTC().Format(time.DateOnly)+`.json"`)
	_, _ = q.w.Write(append(text, '\n')) // the browser's own loss
	return nil
}

func (q *request) record() (r record, err error) {
	o, err := q.overview()
	if err != nil {
		return r, err
	}
	p := o.profile
	r = record{Made: q.now().UTC(), Name: p.Person.Display, FirstName: p.First, LastName: p.Last, ID: p.Person.ID.String(), State: o.standing.State.String(), Since: o.standing.Since.UTC(),
		JobTitle: p.Job, Speciality: p.Speciality, Note: p.Note, Telephone: p.Telephone, Mobile: contactRecord(p.Mobile), Email: contactRecord(p.Email), Shown: p.MobileShown, SecondStep: o.second, Expires: some(o.standing.Expires),
		Addresses: []recordAddress{}, Questions: []string{}, Posts: []recordPost{}, Mailboxes: []recordMailbox{}, Programs: []recordProgram{}, LoggedIn: []recordSession{}, History: []recordEvent{}}
	for _, a := range o.addresses {
		r.Addresses = append(r.Addresses, recordAddress{a.String(), o.former[a]})
	}
	for _, m := range o.opened {
		r.Mailboxes = append(r.Mailboxes, recordMailbox{m.Account.Display, m.Account.Address.String(), m.Rights.String(), some(m.Until)})
	}
	if r.Signature, err = q.s.o.Signatures.Of(q.ctx(), q.actor(), q.ses.Person.No); err != nil {
		return r, err
	}
	for _, fill := range []func(*record) error{q.recordQuestions, q.recordPosts, q.recordLogIns, q.recordHistory} {
		if err := fill(&r); err != nil {
			return r, err
		}
	}
	return r, nil
}

func contactRecord(c account.Contact) *recordContact {
	if c.Value == "" {
		return nil
	}
	return &recordContact{c.Value, some(c.Proven)}
}

// some is a time that may be none.
func some(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func (q *request) recordQuestions(r *record) error {
	asked, err := q.s.o.Activation.Asked(q.ctx(), q.ses.Person.No)
	for _, one := range activation.QuestionList {
		if slices.Contains(asked, one.ID) {
			r.Questions = append(r.Questions, one.Text)
		}
	}
	return err
}

func (q *request) recordPosts(r *record) error {
	posts, err := q.s.o.Places.Posts(q.ctx(), q.ses.Person.No)
	if err != nil {
		return err
	}
	for _, p := range posts {
		o, err := q.s.o.Places.ByID(q.ctx(), p.Organisation)
		if err != nil {
			return err
		}
		r.Posts = append(r.Posts, recordPost{sharedmailbox.Capitals(o.Name), string(o.Code), p.Role, p.From.UTC(), some(p.Until)})
	}
	return nil
}

func (q *request) recordLogIns(r *record) error {
	apps, err := q.s.o.Accounts.AppPasswords(q.ctx(), q.ses.Person.No)
	if err != nil {
		return err
	}
	for _, a := range apps {
		r.Programs = append(r.Programs, recordProgram{a.Name, a.Made.UTC(), some(a.Used)})
	}
	all, err := q.s.o.Sessions.Of(q.ctx(), q.ses.Person.No)
	for _, s := range all {
		r.LoggedIn = append(r.LoggedIn, recordSession{s.Program, s.Place, s.Created, s.Seen})
	}
	return err
}

func (q *request) recordHistory(r *record) error {
	name, before := q.names(), audit.Place{}
	for len(r.History) < recordRows {
		found, err := q.s.o.Audit(q.ctx(), q.ses.Person.ID, before, recordStep)
		if err != nil {
			return err
		}
		for _, e := range found {
			row, err := historyRow(e.Sealed, q.ses.Person.ID, name)
			if err != nil {
				return err
			}
			r.History = append(r.History, recordEvent{e.At.UTC(), row.Who, row.What, row.From})
		}
		if len(found) < recordStep {
			return nil
		}
		before = found[len(found)-1].Place
	}
	return nil
}
