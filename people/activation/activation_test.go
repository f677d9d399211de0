package activation_test

import (
	"strings"
	"testing"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/activation"
	"haven/people/peopletest"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

func TestCheckAnswers(t *testing.T) {
	t.Parallel()
	good := []activation.Answer{{1, "Rex"}, {2, "Elm Street"}, {3, "Mrs Bell"}}
	with := func(i int, a activation.Answer) []activation.Answer {
		all := append([]activation.Answer{}, good...)
		all[i] = a
		return all
	}
	for _, c := range []struct {
		name    string
		answers []activation.Answer
		rule    haven.Rule
		at      int
	}{
		{"three", good, "questions.good", 0},
		{"two", good[:2], "questions.count", 0},
		{"none", nil, "questions.count", 0},
		{"a question that is none", with(1, activation.Answer{Question: 99, Text: "Elm Street"}), "questions.unknown", 1},
		{"a question twice", with(2, activation.Answer{Question: 1, Text: "Mrs Bell"}), "questions.twice", 2},
		{"short", with(0, activation.Answer{Question: 1, Text: " R. "}), "questions.short", 0},
		{"only signs", with(0, activation.Answer{Question: 1, Text: "!!!!"}), "questions.short", 0},
		{"long", with(0, activation.Answer{Question: 1, Text: strings.Repeat("a", 201)}), "questions.long", 0},
		{"the same answer", with(2, activation.Answer{Question: 3, Text: "rex!"}), "questions.same-answer", 2},
	} {
		if v, at := activation.CheckAnswers(c.answers, 3); v.Rule != c.rule || at != c.at || v.Allowed != (c.rule == "questions.good") || !v.Allowed && v.Reason == "" {
			t.Errorf("%s: %+v at %d, want %s at %d", c.name, v, at, c.rule, c.at)
		}
	}
}

func TestNext(t *testing.T) {
	t.Parallel()
	var p activation.Progress
	p.Current = 2
	for _, c := range []struct {
		done func()
		next activation.Step
	}{
		{func() {}, activation.Policy}, {func() { p.Accepted = 1 }, activation.Policy}, {func() { p.Accepted = 2 }, activation.Password},
		{func() { p.Questions = true }, activation.Password}, {func() { p.Password = true }, activation.Directory}, {func() { p.Directory = true }, activation.Done},
	} {
		c.done()
		if got := p.Next(); got != c.next {
			t.Errorf("%+v: %q is next, want %q", p, got, c.next)
		}
		if v := activation.MayFinish(p); v.Allowed != (c.next == activation.Done) {
			t.Errorf("%+v: %+v", p, v)
		}
	}
}

// told keeps what would be sent.
type told struct {
	who                []haven.AccountID
	to                 []string
	username, password string
	questions          []string
}

func (n *told) Activated(_ *db.Tx, a account.Account, email string, _ time.Time) error {
	n.who, n.to = append(n.who, a.ID), append(n.to, email)
	return nil
}

func (n *told) QuestionsChanged(_ *db.Tx, _ account.Account, email string, _ time.Time) error {
	n.questions = append(n.questions, email)
	return nil
}

func (n *told) Username(_ *db.Tx, who account.Account, email string) error {
	n.username, n.to = who.Address.String(), append(n.to, email)
	return nil
}

func (n *told) TemporaryPassword(_ *db.Tx, _ account.Account, mobile, password string, _ time.Duration) error {
	n.password, n.to = password, append(n.to, mobile)
	return nil
}

func TestActivation(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		ctx := t.Context()
		n := &told{}
		s := activation.New(activation.Options{DB: h.DB, Accounts: h.Accounts, Clock: h.Clock, Policy: h.Policy, Notices: n, Operators: h.Operators})
		a, err := h.Accounts.CreatePersonal(ctx, peopletest.Operator, account.NewPersonal{First: "Carys", Last: "Morgan", State: account.Invited, Password: peopletest.Password, Temporary: true})
		if err != nil {
			t.Fatal(err)
		}
		me := haven.Actor{Person: a.ID, Program: "portal"}
		next := func(want activation.Step) activation.Progress {
			t.Helper()
			p, err := s.Progress(ctx, a.No)
			if err != nil || p.Next() != want {
				t.Fatalf("%q is next, %v; want %q", p.Next(), err, want)
			}
			return p
		}
		if p := next(activation.Policy); p.Current != 1 {
			t.Errorf("policy %d holds", p.Current)
		}
		wantRule(t, s.Finish(ctx, me, a.No), "activation.policy")
		wantRule(t, s.Accept(ctx, me, a.No, 2), "activation.policy-changed")
		must(t, s.Accept(ctx, me, a.No, 1))
		next(activation.Password)
		must(t, h.Accounts.SetPassword(ctx, me, a.No, "quiet amber lantern", false))
		next(activation.Questions)
		wantRule(t, s.SetAnswers(ctx, me, a.No, []activation.Answer{{1, "Rex"}}), "questions.count")
		answers := []activation.Answer{{1, "Rex"}, {2, "Elm Street"}, {3, "Mrs Bell"}}
		must(t, s.SetAnswers(ctx, me, a.No, answers))
		next(activation.Directory)
		must(t, s.ShowMobile(ctx, me, a.No, false))
		next(activation.Done)
		if len(n.who) != 0 {
			t.Error("told before it was done")
		}
		must(t, s.Finish(ctx, me, a.No))
		must(t, s.Finish(ctx, me, a.No))
		if now, err := h.Accounts.ByNo(ctx, a.No); err != nil || now.State != account.Active || len(n.who) != 1 {
			t.Errorf("%v, %v, told %d times", now.State, err, len(n.who))
		}

		for _, c := range []struct {
			name    string
			answers []activation.Answer
			want    bool
		}{
			{"right", []activation.Answer{{3, "mrs. BELL"}, {1, "rex"}, {2, "elm  street"}}, true},
			{"one wrong", []activation.Answer{{3, "mrs bell"}, {1, "max"}, {2, "elm street"}}, false},
			{"one thrice", []activation.Answer{{1, "rex"}, {1, "rex"}, {1, "rex"}}, false},
			{"one alone", []activation.Answer{{1, "rex"}}, false},
			{"none", nil, false},
		} {
			if got, err := s.Match(ctx, a.No, c.answers); got != c.want || err != nil {
				t.Errorf("%s: %t, %v", c.name, got, err)
			}
		}
		fewer := h.Policy
		fewer.Reset.Questions = 1
		short := activation.New(activation.Options{DB: h.DB, Accounts: h.Accounts, Clock: h.Clock, Policy: fewer, Operators: h.Operators})
		if got, err := short.Match(ctx, a.No, []activation.Answer{{1, "rex"}, {2, "x"}, {3, "x"}}); got || err != nil {
			t.Errorf("answers that were set when there were more: %t, %v", got, err)
		}
		if got, err := s.Match(ctx, 99999, answers); got || err != nil {
			t.Errorf("nobody's answers: %t, %v", got, err)
		}

		version, err := s.Publish(ctx, peopletest.Operator, "# New\nText.", time.Time{})
		must(t, err)
		_, err = s.Publish(ctx, peopletest.Operator, "# New\nText.", time.Time{})
		wantRule(t, err, "activation.policy-same")
		if p := next(activation.Policy); version != 2 || !p.Due.Equal(h.Clock.Now().Add(14*24*time.Hour)) {
			t.Errorf("version %d is due on %v", version, p.Due)
		}
		due, err := s.PolicyDue(ctx, a.No)
		if must(t, err); !due.Equal(h.Clock.Now().Add(14 * 24 * time.Hour)) {
			t.Errorf("due on %v", due)
		}
		must(t, s.Accept(ctx, peopletest.As(a), a.No, 2))
		if due, err = s.PolicyDue(ctx, a.No); err != nil || !due.IsZero() {
			t.Errorf("accepted, and due on %v, %v", due, err)
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantRule(t *testing.T, err error, rule string) {
	t.Helper()
	if e, ok := err.(*errs.Error); !ok || e.Rule != rule {
		t.Errorf("%v, want rule %s", err, rule)
	}
}

func TestInvite(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		ctx := t.Context()
		keys := h.Keyed()
		contacts, err := account.OpenContacts(ctx, h.DB, keys, h.Clock)
		must(t, err)
		n := &told{}
		s := activation.New(activation.Options{DB: h.DB, Accounts: h.Accounts, Clock: h.Clock, Policy: h.Policy, Notices: n, Inviter: n, Contacts: contacts})
		a, err := h.Accounts.CreatePersonal(ctx, peopletest.Operator, account.NewPersonal{First: "Carys", Last: "Morgan", State: account.Invited})
		must(t, err)
		wantRule(t, s.Invite(ctx, peopletest.Operator, a.No, activation.Both), "activation.no-contact")
		for kind, value := range map[account.ContactKind]string{account.PersonalEmail: "carys@home.example", account.Mobile: "+447700900123"} {
			sealed, err := contacts.Seal(ctx, a.No, kind, value)
			must(t, err)
			must(t, h.DB.Write(ctx, func(tx *db.Tx) error { return contacts.PutIn(tx, peopletest.Operator, sealed) }))
		}
		must(t, s.Invite(ctx, peopletest.Operator, a.No, activation.Both))
		if n.username != a.Address.String() || strings.Count(n.password, "-") != 3 || len(n.to) != 2 || n.to[0] != "carys@home.example" || n.to[1] != "+447700900123" {
			t.Errorf("sent %+v", n)
		}
		first := n.password
		logIn := func(pw string) error {
			_, err := h.Accounts.Authenticate(ctx, account.Login{User: a.Address.String(), Password: pw, Place: "192.0.2.7", Face: account.Web})
			return err
		}
		must(t, logIn(first))
		h.Clock.Advance(time.Minute)
		must(t, s.Invite(ctx, peopletest.Operator, a.No, activation.PasswordOnly))
		if err := logIn(first); err == nil || n.password == first || len(n.to) != 3 {
			t.Errorf("the earlier password opens: %v; sent %+v", err, n)
		}
		for range h.Policy.Activation.ResendPerHour - 1 {
			h.Clock.Advance(time.Minute)
			must(t, s.Invite(ctx, peopletest.Operator, a.No, activation.PasswordOnly))
		}
		wantRule(t, s.Invite(ctx, peopletest.Operator, a.No, activation.PasswordOnly), "activation.resend")
		h.Clock.Advance(time.Hour)
		must(t, h.DB.Write(ctx, func(tx *db.Tx) error { activation.InvitedIn(tx, a.No, h.Clock.Now()); return nil })) // one that somebody else sent counts too
		for range h.Policy.Activation.ResendPerHour {
			h.Clock.Advance(time.Minute)
			must(t, s.Invite(ctx, peopletest.Operator, a.No, activation.PasswordOnly))
		}
		wantRule(t, s.MayInviteNow(ctx, a.No), "activation.resend")
		must(t, h.Accounts.SetState(ctx, peopletest.Operator, a.No, account.Active, "account.operator"))
		wantRule(t, s.Invite(ctx, peopletest.Operator, a.No, activation.Both), "activation.active")
		must(t, s.SetAnswers(ctx, peopletest.As(a), a.No, []activation.Answer{{1, "Rex"}, {2, "Elm Street"}, {3, "Mrs Bell"}}))
		if len(n.questions) != 1 || n.questions[0] != "carys@home.example" {
			t.Errorf("told of the questions: %v", n.questions)
		}
	})
}

func TestTemporaryPasswords(t *testing.T) {
	t.Parallel()
	p, err := policy.Profile("")
	must(t, err)
	seen := map[string]bool{}
	for range 200 {
		pw, err := activation.TemporaryPassword(p.Password)
		must(t, err)
		if v := account.CheckPassword(pw, account.PasswordFacts{}, p.Password); !v.Allowed || seen[pw] {
			t.Errorf("%s: %+v, seen %t", pw, v, seen[pw])
		}
		seen[pw] = true
	}
}
