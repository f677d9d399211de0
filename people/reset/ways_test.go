package reset_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/activation"
	"haven/people/peopletest"
	"haven/people/reset"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"

	"github.com/descope/virtualwebauthn"
)

func TestMayFinish(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	ways := func(w ...reset.Way) []reset.Way { return w }
	all := ways(reset.ByLink, reset.ByText, reset.ByAnswers, reset.ByRecovery, reset.ByPasskey)
	for _, a := range all {
		for _, b := range all {
			f := reset.FinishFacts{Known: true, State: account.Active, Given: ways(a, b), Good: ways(a, b)}
			if v := reset.MayFinish(f, now); v.Allowed != (a != b) {
				t.Errorf("%s and %s: %+v", a, b, v)
			}
		}
	}
	for _, c := range []struct {
		name string
		f    reset.FinishFacts
		rule haven.Rule
	}{
		{"nothing", reset.FinishFacts{Known: true, State: account.Active}, "reset.ways"},
		{"one", reset.FinishFacts{Known: true, State: account.Active, Given: ways(reset.ByText), Good: ways(reset.ByText)}, "reset.ways"},
		{"one of two", reset.FinishFacts{Known: true, State: account.Active, Given: ways(reset.ByText, reset.ByAnswers), Good: ways(reset.ByText)}, "reset.ways"},
		{"two of three", reset.FinishFacts{Known: true, State: account.Active, Given: ways(reset.ByText, reset.ByAnswers, reset.ByPasskey), Good: ways(reset.ByText, reset.ByAnswers)}, "reset.ways"},
		{"nobody", reset.FinishFacts{Given: ways(reset.ByText, reset.ByAnswers), Good: ways(reset.ByText, reset.ByAnswers)}, "reset.ways"},
		{"blocked", reset.FinishFacts{Known: true, State: account.Blocked, Given: ways(reset.ByText, reset.ByAnswers), Good: ways(reset.ByText, reset.ByAnswers)}, "reset.ways"},
		{"a wrong code with the link", reset.FinishFacts{Known: true, State: account.Active, Given: ways(reset.ByLink, reset.ByText), Good: ways(reset.ByLink)}, "reset.code"},
		{"inactive", reset.FinishFacts{Known: true, State: account.Inactive, Given: ways(reset.ByText, reset.ByAnswers), Good: ways(reset.ByText, reset.ByAnswers)}, "reset.two-ways"},
	} {
		if v := reset.MayFinish(c.f, now); v.Rule != c.rule {
			t.Errorf("%s: %+v, want %s", c.name, v, c.rule)
		}
	}
}

var answers = []activation.Answer{{Question: 1, Text: "Harbour Street"}, {Question: 2, Text: "Mrs Finch"}, {Question: 3, Text: "Whitby"}}

// answered gives aisha answers to three questions, and a second factor of which the first recovery code is returned.
func answered(t *testing.T, h *peopletest.House, aisha account.Account) (recovery string) {
	t.Helper()
	must(t, h.Activation.SetAnswers(t.Context(), haven.Actor{Person: aisha.ID, Program: "portal"}, aisha.No, answers))
	h.SecondStep(aisha)
	codes, err := h.SecondFactor.Renew(t.Context(), haven.Actor{Person: aisha.ID, Program: "portal"}, aisha)
	must(t, err)
	return codes[0]
}

func TestAnyTwoWays(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *peopletest.House, s *reset.Service, out *sent, aisha account.Account) {
		ctx := t.Context()
		recovery := answered(t, h, aisha)
		begun, err := s.Begin(ctx, stranger, aisha.Address)
		if err != nil || !begun {
			t.Fatal(begun, err)
		}
		wrong := slices.Clone(answers)
		wrong[1].Text = "Mr Finch"
		by := func(c reset.Claim) reset.Claim { c.Address = aisha.Address; return c }
		wantRule(t, s.Finish(ctx, stranger, by(reset.Claim{Code: out.code, Answers: wrong}), fresh), "reset.ways")
		wantRule(t, s.Finish(ctx, stranger, by(reset.Claim{Code: out.code}), fresh), "reset.ways")
		wantRule(t, s.Finish(ctx, stranger, by(reset.Claim{Answers: answers, Recovery: "zzzzz-zzzzz"}), fresh), "reset.ways")
		wantRule(t, s.Finish(ctx, stranger, by(reset.Claim{Answers: answers, Recovery: recovery}), "short"), "password.short")
		must(t, s.Finish(ctx, stranger, by(reset.Claim{Answers: answers, Recovery: recovery}), fresh)) // the code was not used up by what was refused
		wantRule(t, s.Finish(ctx, stranger, by(reset.Claim{Answers: answers, Recovery: recovery}), fresh+" again"), "reset.ways")
		if st, err := h.SecondFactor.Of(ctx, aisha.No); err != nil || !st.On || st.Recovery != 9 {
			t.Errorf("the second factor: %+v, %v", st, err)
		}
		if out.done != 1 || out.told != account.PersonalEmail {
			t.Errorf("told %d times, at the %s", out.done, out.told)
		}

		_, err = s.Begin(ctx, stranger, aisha.Address)
		must(t, err)
		must(t, s.Finish(ctx, stranger, by(reset.Claim{Code: out.code, Answers: answers}), fresh+" text"))
		_, err = s.Begin(ctx, stranger, aisha.Address)
		must(t, err)
		must(t, s.Finish(ctx, stranger, reset.Claim{Link: out.link, Answers: answers}, fresh+" link"))
		if notes := recorded(t, h, aisha, "reset.done"); !slices.Equal(notes, []string{"answers recovery", "link answers", "text answers"}) {
			t.Errorf("recorded: %q", notes)
		}
	})
}

// recorded are the notes of a person's records of a kind, sorted.
func recorded(t *testing.T, h *peopletest.House, who account.Account, what string) (notes []string) {
	t.Helper()
	all, err := audit.Newest(t.Context(), h.DB, audit.Filter{Concerns: who.ID}, audit.Place{}, 100)
	must(t, err)
	for _, r := range all {
		if r.What == what {
			notes = append(notes, r.Note)
		}
	}
	slices.Sort(notes)
	return notes
}

// What goes to a mobile alone is enough with the answers; what would not be enough is not sent.
func TestOneContact(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *peopletest.House, s *reset.Service, out *sent, aisha account.Account) {
		ctx := t.Context()
		must(t, h.DB.Write(ctx, func(tx *db.Tx) error {
			tx.Exec(`DELETE FROM contact WHERE kind = $1`, int64(account.PersonalEmail))
			return nil
		}))
		if begun, err := s.Begin(ctx, stranger, aisha.Address); begun || err != nil {
			t.Error(begun, err)
		}
		answered(t, h, aisha)
		if begun, err := s.Begin(ctx, stranger, aisha.Address); !begun || err != nil || out.links != 0 || out.codes != 1 {
			t.Fatalf("%t, %v, sent %+v", begun, err, out)
		}
		must(t, s.Finish(ctx, stranger, reset.Claim{Address: aisha.Address, Code: out.code, Answers: answers}, fresh))
		if out.told != account.Mobile {
			t.Errorf("told at the %s", out.told)
		}
	})
}

// Tries with whatever but link and code are few, of all addresses of a person together and of an address that nobody has, in the same words.
func TestTriesAreFew(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *peopletest.House, s *reset.Service, _ *sent, aisha account.Account) {
		ctx := t.Context()
		recovery := answered(t, h, aisha)
		alias := haven.MustAddress("a.rahman@" + peopletest.Domain)
		must(t, h.Accounts.AddAlias(ctx, peopletest.Operator, aisha.No, alias))
		nobody := haven.MustAddress("nobody@" + peopletest.Domain)
		for i := range h.Policy.Reset.Tries {
			address := aisha.Address
			if i%2 == 1 {
				address = alias
			}
			wantRule(t, s.Finish(ctx, stranger, reset.Claim{Address: address, Recovery: "x", Answers: answers}, fresh), "reset.ways")
			wantRule(t, s.Finish(ctx, stranger, reset.Claim{Address: nobody, Recovery: "x", Answers: answers}, fresh), "reset.ways")
		}
		for _, address := range []haven.Address{aisha.Address, alias, nobody} {
			wantRule(t, s.Finish(ctx, stranger, reset.Claim{Address: address, Recovery: recovery, Answers: answers}, fresh), "reset.tries")
		}
		h.Clock.Advance(time.Hour)
		must(t, s.Finish(ctx, stranger, reset.Claim{Address: alias, Recovery: recovery, Answers: answers}, fresh))
	})
}

// Whoever reads a person's e-mail does not guess answers with one link after the other.
func TestTriesWithLinksAreFew(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *peopletest.House, s *reset.Service, out *sent, aisha account.Account) {
		ctx := t.Context()
		answered(t, h, aisha)
		wrong := slices.Clone(answers)
		wrong[0].Text = "Mill Lane"
		for range h.Policy.Reset.Tries {
			_, err := s.Begin(ctx, stranger, aisha.Address)
			must(t, err)
			wantRule(t, s.Finish(ctx, stranger, reset.Claim{Link: out.link, Answers: wrong}, fresh), "reset.ways")
			h.Clock.Advance(time.Minute)
		}
		wantRule(t, s.Finish(ctx, stranger, reset.Claim{Link: out.link, Answers: answers}, fresh), "reset.tries")
		must(t, s.Finish(ctx, stranger, reset.Claim{Link: out.link, Code: out.code}, fresh)) // which has its own bound
	})
}

// The questions of an address that nobody has are as many, and stay the same.
func TestQuestionsOfNobody(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *peopletest.House, s *reset.Service, _ *sent, aisha account.Account) {
		ctx := t.Context()
		answered(t, h, aisha)
		own, err := s.QuestionsOf(ctx, aisha.Address)
		must(t, err)
		if !slices.Equal(own, []int{1, 2, 3}) {
			t.Errorf("aisha is asked %v", own)
		}
		seen := map[string]bool{}
		for _, local := range []string{"nobody", "someone", "no.one", "ben.whitlock", "x"} {
			address := haven.MustAddress(local + "@" + peopletest.Domain)
			one, err := s.QuestionsOf(ctx, address)
			must(t, err)
			again, err := s.QuestionsOf(ctx, haven.MustAddress(address.String()))
			must(t, err)
			if len(one) != h.Policy.Reset.Questions || !slices.Equal(one, again) {
				t.Errorf("%s is asked %v, then %v", address, one, again)
			}
			seen[fmt.Sprint(one)] = true
		}
		if len(seen) < 2 {
			t.Error("everybody who is nobody is asked the same")
		}
	})
}

// A passkey serves its own person alone.
func TestPasskeys(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *peopletest.House, s *reset.Service, _ *sent, aisha account.Account) {
		ctx, ben := t.Context(), h.Person("Ben", "Whitlock")
		answered(t, h, aisha)
		rp := virtualwebauthn.RelyingParty{ID: "portal.haven.example", Origin: "https://portal.haven.example"}
		shows := func(who account.Account) func() string {
			auth, key := virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: who.ID[:]}), peopletest.DeviceKey(t)
			made, err := h.SecondFactor.MakePasskey(ctx, who, false)
			must(t, err)
			o, err := virtualwebauthn.ParseAttestationOptions(`{"publicKey":` + string(made) + `}`)
			must(t, err)
			_, err = h.SecondFactor.AddPasskey(ctx, peopletest.As(who), who, "Key", false, virtualwebauthn.CreateAttestationResponse(rp, auth, key, *o))
			must(t, err)
			return func() string {
				asked, err := h.SecondFactor.AskAnybody(ctx)
				must(t, err)
				o, err := virtualwebauthn.ParseAssertionOptions(`{"publicKey":` + string(asked) + `}`)
				must(t, err)
				key.Counter++
				return virtualwebauthn.CreateAssertionResponse(rp, auth, key, *o)
			}
		}
		own, other := shows(aisha), shows(ben)
		by := func(passkey string) reset.Claim {
			return reset.Claim{Address: aisha.Address, Answers: answers, Passkey: passkey}
		}
		wantRule(t, s.Finish(ctx, stranger, by("{}"), fresh), "reset.ways")
		wantRule(t, s.Finish(ctx, stranger, by(other()), fresh), "reset.ways")
		used := own()
		must(t, s.Finish(ctx, stranger, by(used), fresh))
		wantRule(t, s.Finish(ctx, stranger, by(used), fresh+" again"), "reset.ways")
	})
}

// What went to a mobile or an e-mail that was replaced since is not good any more.
func TestReplacedContacts(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *peopletest.House, s *reset.Service, out *sent, aisha account.Account) {
		ctx := t.Context()
		answered(t, h, aisha)
		_, err := s.Begin(ctx, stranger, aisha.Address)
		must(t, err)
		replaced := func(kind account.ContactKind) {
			h.Clock.Advance(time.Second)
			must(t, h.DB.Write(ctx, func(tx *db.Tx) error {
				tx.Exec(`UPDATE contact SET made = $2 WHERE kind = $1`, int64(kind), h.Clock.Now().UnixMicro())
				return nil
			}))
		}
		replaced(account.Mobile)
		wantRule(t, s.Finish(ctx, stranger, reset.Claim{Link: out.link, Code: out.code}, fresh), "reset.code")
		wantRule(t, s.Finish(ctx, stranger, reset.Claim{Address: aisha.Address, Code: out.code, Answers: answers}, fresh), "reset.ways")
		must(t, s.Look(ctx, out.link))
		replaced(account.PersonalEmail)
		wantRule(t, s.Look(ctx, out.link), "reset.link")
		wantRule(t, s.Finish(ctx, stranger, reset.Claim{Link: out.link, Answers: answers}, fresh), "reset.link")
	})
}

func TestCodeGoesWithItsLink(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, _ *peopletest.House, s *reset.Service, out *sent, aisha account.Account) {
		ctx := t.Context()
		_, err := s.Begin(ctx, stranger, aisha.Address)
		must(t, err)
		first := out.link
		_, err = s.Begin(ctx, stranger, aisha.Address)
		must(t, err)
		wantRule(t, s.Finish(ctx, stranger, reset.Claim{Link: first, Code: out.code}, fresh), "reset.code")
		must(t, s.Finish(ctx, stranger, reset.Claim{Link: out.link, Code: out.code}, fresh))
	})
}

// A password is not set where its person can't be told, and then nothing is used up.
func TestOneStep(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *peopletest.House, s *reset.Service, out *sent, aisha account.Account) {
		ctx := t.Context()
		recovery := answered(t, h, aisha)
		claim := reset.Claim{Address: aisha.Address, Answers: answers, Recovery: recovery}
		out.fails = errs.E(errs.Transient, "no notices now")
		if err := s.Finish(ctx, stranger, claim, fresh); !errs.Is(err, errs.Transient) {
			t.Fatal(err)
		}
		login := account.Login{User: aisha.Address.String(), Password: fresh, Place: "192.0.2.7", Face: account.Web}
		if _, err := h.Accounts.Authenticate(ctx, login); err == nil {
			t.Error("the password was set, and nobody told")
		}
		out.fails = nil
		must(t, s.Finish(ctx, stranger, claim, fresh))
		if _, err := h.Accounts.Authenticate(ctx, login); err != nil || out.done != 1 {
			t.Errorf("%v; told %d times", err, out.done)
		}
	})
}

// Of two who come at once with the same recovery code, one sets a password.
func TestOneOfTwoAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *peopletest.House, s *reset.Service, out *sent, aisha account.Account) {
		claim := reset.Claim{Address: aisha.Address, Answers: answers, Recovery: answered(t, h, aisha)}
		done := make(chan error, 2)
		for _, password := range []string{fresh, fresh + " too"} {
			go func() { done <- s.Finish(t.Context(), stranger, claim, password) }()
		}
		good := 0
		for range 2 {
			if err := <-done; err == nil {
				good++
			}
		}
		if good != 1 || out.done != 1 {
			t.Errorf("%d were good, told %d times", good, out.done)
		}
	})
}

// What is replaced while a reset is begun gets nothing, and what is replaced while one is finished serves no more.
func TestReplacedMeanwhile(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *peopletest.House, s *reset.Service, out *sent, aisha account.Account) {
		ctx := t.Context()
		recovery := answered(t, h, aisha)
		out.meanwhile = func() {
			h.Clock.Advance(time.Second)
			must(t, h.DB.Write(ctx, func(tx *db.Tx) error {
				tx.Exec(`UPDATE contact SET made = $2 WHERE kind = $1`, int64(account.PersonalEmail), h.Clock.Now().UnixMicro())
				return nil
			}))
			h.Clock.Advance(time.Second)
		}
		if begun, err := s.Begin(ctx, stranger, aisha.Address); err != nil || !begun || out.links != 0 || out.codes != 1 {
			t.Errorf("%t, %v, sent %+v", begun, err, out)
		}
		other := slices.Clone(answers)
		other[0].Text = "Mill Lane"
		out.meanwhile = func() { must(t, h.Activation.SetAnswers(ctx, peopletest.As(aisha), aisha.No, other)) }
		wantRule(t, s.Finish(ctx, stranger, reset.Claim{Address: aisha.Address, Answers: answers, Recovery: recovery}, fresh), "reset.ways")
		must(t, s.Finish(ctx, stranger, reset.Claim{Address: aisha.Address, Answers: other, Recovery: recovery}, fresh))
	})
}

// Who was shown to be the one, and chose a password that may not be, has not tried in vain.
func TestPoorPasswordIsNoTry(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *peopletest.House, s *reset.Service, _ *sent, aisha account.Account) {
		claim := reset.Claim{Address: aisha.Address, Answers: answers, Recovery: answered(t, h, aisha)}
		for range h.Policy.Reset.Tries + 1 {
			wantRule(t, s.Finish(t.Context(), stranger, claim, "short"), "password.short")
		}
		must(t, s.Finish(t.Context(), stranger, claim, fresh))
	})
}
