package locum_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/locum"
	"haven/people/peopletest"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/db/dbtest"
	"haven/platform/errs"
)

// told keeps who was told of which pass.
type told struct {
	mu  sync.Mutex
	all []string
}

func (n *told) LetIn(_ *db.Tx, owner, mailbox account.Account, p locum.Pass) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, owner.Display+" of "+p.Locum.Display+" by "+p.By.Display)
	return nil
}

func each(t *testing.T, fn func(t *testing.T, h *peopletest.House, s *locum.Service, n *told)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h, n := peopletest.New(t, d), &told{}
		fn(t, h, locum.New(locum.Options{DB: h.DB, Access: h.Access, Shared: h.Shared, Notices: n, Policy: h.Policy.Locum, Clock: h.Clock}), n)
	}, append(peopletest.Schemas(), locum.Schema)...)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantRule(t *testing.T, err error, rule string) {
	t.Helper()
	if e := (*errs.Error)(nil); !errors.As(err, &e) || e.Rule != rule || e.Say == "" {
		t.Errorf("%v, want %s", err, rule)
	}
}

func by(a account.Account) haven.Actor { return haven.Actor{Person: a.ID, Program: "portal"} }

// A colleague on duty lets a locum in by the code that the locum reads out, until the shop closes.
func TestLetIn(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *peopletest.House, s *locum.Service, n *told) {
		ctx := t.Context()
		aisha, ben, lena, dan := h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock"), h.Person("Lena", "Marsh"), h.Person("Dan", "Obi")
		box := h.Pharmacy("FX002", aisha)
		h.Member(box, ben)
		code, err := s.NewCode(ctx, by(lena))
		must(t, err)
		if len(code.Digits) != h.Policy.Locum.CodeDigits || !code.Until.Equal(h.Clock.Now().Add(h.Policy.Locum.CodeFor)) {
			t.Errorf("%+v", code)
		}
		in := locum.LettingIn{Mailbox: box.No, Proven: h.Clock.Now(), Code: code.Digits[:3] + " " + code.Digits[3:]}
		until := h.Clock.Now().Add(8 * time.Hour)
		_, err = s.Whose(ctx, by(ben), in)
		wantRule(t, err, "locum.not-allowed")
		wantRule(t, s.Allow(ctx, by(ben), box.No, true), "access.member")
		wantRule(t, s.Allow(ctx, by(dan), box.No, true), "account.unknown")
		must(t, s.Allow(ctx, by(aisha), box.No, true))
		must(t, s.Allow(ctx, by(aisha), box.No, true))

		_, err = s.Whose(ctx, by(lena), in)
		wantRule(t, err, "account.unknown")
		_, err = s.Whose(ctx, by(dan), in)
		wantRule(t, err, "account.unknown")
		_, err = s.Whose(ctx, haven.Actor{Program: "portal"}, in)
		wantRule(t, err, "access.no-person")
		_, err = s.Whose(ctx, by(ben), locum.LettingIn{Mailbox: ben.No, Proven: in.Proven, Code: in.Code}) // the own mailbox
		wantRule(t, err, "account.unknown")
		_, err = s.Whose(ctx, by(ben), locum.LettingIn{Mailbox: box.No, Proven: h.Clock.Now().Add(-2 * time.Hour), Code: in.Code})
		wantRule(t, err, "locum.on-duty")
		who, err := s.Whose(ctx, by(ben), in)
		must(t, err)
		if who.No != lena.No {
			t.Errorf("the code is %s's", who.Display)
		}
		_, err = s.LetIn(ctx, by(ben), in, h.Clock.Now().Add(8*24*time.Hour))
		wantRule(t, err, "locum.longest")
		p, err := s.LetIn(ctx, by(ben), in, until)
		must(t, err)
		if p.Locum.No != lena.No || p.By.No != ben.No || !p.Colleague {
			t.Errorf("%+v", p)
		}
		must(t, h.Access.Check(ctx, lena.No, box.No, haven.Read|haven.Write|haven.SendAs))
		wantRule(t, h.Access.Check(ctx, lena.No, box.No, haven.Manage), "access.member")
		_, err = s.LetIn(ctx, by(ben), in, until) // the code is spent
		wantRule(t, err, "locum.code")
		if len(n.all) != 1 || n.all[0] != "Aisha Rahman of Lena Marsh by Ben Whitlock" {
			t.Errorf("told %v", n.all)
		}

		// A locum lets nobody in, and nobody twice.
		code, err = s.NewCode(ctx, by(dan))
		must(t, err)
		in = locum.LettingIn{Mailbox: box.No, Proven: h.Clock.Now(), Code: code.Digits}
		_, err = s.Whose(ctx, by(lena), in)
		wantRule(t, err, "locum.colleague")
		again, err := s.NewCode(ctx, by(lena))
		must(t, err)
		_, err = s.LetIn(ctx, by(ben), locum.LettingIn{Mailbox: box.No, Proven: h.Clock.Now(), Code: again.Digits}, until)
		wantRule(t, err, "sharedmailbox.member-already")
		mine, err := s.NewCode(ctx, by(ben))
		must(t, err)
		_, err = s.LetIn(ctx, by(ben), locum.LettingIn{Mailbox: box.No, Proven: h.Clock.Now(), Code: mine.Digits}, until)
		wantRule(t, err, "locum.self")

		h.Clock.Set(until)
		wantRule(t, h.Access.Check(ctx, lena.No, box.No, haven.Read), "account.unknown")
		passes, err := s.Passes(ctx, aisha.No, box.No, 10)
		must(t, err)
		if len(passes) != 1 || passes[0].Locum.Display != "Lena Marsh" || passes[0].By.Display != "Ben Whitlock" || !passes[0].Until.Equal(until) {
			t.Errorf("%+v", passes)
		}
		_, err = s.Passes(ctx, ben.No, box.No, 10)
		wantRule(t, err, "access.member")
		log, err := audit.About(ctx, h.DB, lena.ID, 50)
		must(t, err)
		found := false
		for _, r := range log {
			found = found || r.What == "locum.let-in" && r.Rule == "locum.colleague" && r.Actor.Person == ben.ID
			if strings.Contains(r.Note, code.Digits) {
				t.Error("a code is in the audit log")
			}
		}
		if !found {
			t.Errorf("recorded %+v", log)
		}
	})
}

// The third pass within a month is an owner's to give.
func TestOften(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *peopletest.House, s *locum.Service, n *told) {
		ctx := t.Context()
		aisha, ben, cara, lena := h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock"), h.Person("Cara", "Voss"), h.Person("Lena", "Marsh")
		box, other := h.Pharmacy("FX002", aisha, cara), h.Pharmacy("FX003", aisha)
		h.Member(box, ben)
		h.Member(other, ben)
		must(t, s.Allow(ctx, by(aisha), box.No, true))
		must(t, s.Allow(ctx, by(aisha), other.No, true))
		h.SecondStep(aisha) // a month is more than the grace
		day := func(who account.Account, at account.Account) error {
			t.Helper()
			code, err := s.NewCode(ctx, by(lena))
			must(t, err)
			_, err = s.LetIn(ctx, by(who), locum.LettingIn{Mailbox: at.No, Proven: h.Clock.Now(), Code: code.Digits}, h.Clock.Now().Add(time.Hour))
			h.Clock.Advance(24 * time.Hour)
			return err
		}
		must(t, day(ben, box))
		must(t, day(ben, box))
		wantRule(t, day(ben, box), "locum.often")
		must(t, day(ben, other)) // elsewhere it is the first
		must(t, day(aisha, box))
		h.Clock.Advance(h.Policy.Locum.Within)
		must(t, day(ben, box))
		n.all = nil
		from := h.Clock.Now().Add(24 * time.Hour)
		_, err := s.Give(ctx, by(ben), box.No, lena.No, from, from.Add(time.Hour))
		wantRule(t, err, "access.member")
		_, err = s.Give(ctx, by(aisha), box.No, box.No, from, from.Add(time.Hour))
		wantRule(t, err, "sharedmailbox.person")
		p, err := s.Give(ctx, by(aisha), box.No, lena.No, from, from.Add(time.Hour))
		must(t, err)
		if len(n.all) != 1 || n.all[0] != "Cara Voss of Lena Marsh by Aisha Rahman" || p.Colleague {
			t.Errorf("told %v of %+v", n.all, p)
		}
		wantRule(t, h.Access.Check(ctx, lena.No, box.No, haven.Read), "account.unknown")
		h.Clock.Set(from)
		must(t, h.Access.Check(ctx, lena.No, box.No, haven.Member))
	})
}

// Codes that are nobody's are counted, many at once too, and a code lapses.
func TestWrongCodes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *peopletest.House, s *locum.Service, _ *told) {
		ctx := t.Context()
		aisha, lena := h.Person("Aisha", "Rahman"), h.Person("Lena", "Marsh")
		box := h.Pharmacy("FX002", aisha)
		code, err := s.NewCode(ctx, by(lena))
		must(t, err)
		try := func(digits string) error {
			_, err := s.Whose(ctx, by(aisha), locum.LettingIn{Mailbox: box.No, Proven: h.Clock.Now(), Code: digits})
			return err
		}
		var mu sync.Mutex
		rules := map[string]int{}
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				err := try("no code")
				mu.Lock()
				defer mu.Unlock()
				if e := (*errs.Error)(nil); errors.As(err, &e) {
					rules[e.Rule]++
				}
			})
		}
		all.Wait()
		if most := h.Policy.Locum.Tries; rules["locum.code"] != most || rules["locum.slow"] != 20-most {
			t.Errorf("answered %v", rules)
		}
		wantRule(t, try(code.Digits), "locum.slow")
		h.Clock.Advance(h.Policy.Locum.TriesIn)
		wantRule(t, try(code.Digits), "locum.code") // lapsed
		fresh, err := s.NewCode(ctx, by(lena))
		must(t, err)
		newer, err := s.NewCode(ctx, by(lena))
		must(t, err)
		wantRule(t, try(fresh.Digits), "locum.code")
		must(t, try(newer.Digits))
		for _, odd := range []string{"", "  ", strings.Repeat("9", 10_000), "<script>", "٤٨٢٩١٣"} {
			h.Clock.Advance(h.Policy.Locum.TriesIn)
			wantRule(t, try(odd), "locum.code")
		}
	})
}
