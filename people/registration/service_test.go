package registration_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/organisation"
	"haven/people/peopletest"
	"haven/people/registration"
	"haven/people/sharedmailbox"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

func TestBegin(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		begin := func(code string) registration.Entry {
			t.Helper()
			e, err := h.s.Begin(ctx, code)
			if err != nil {
				t.Fatal(err)
			}
			return e
		}
		if e := begin(" fx002"); e.Verdict.Rule != "registration.begin" || e.Premises != (registration.Premises{Code: "FX002", Name: "Rowan Pharmacy", Place: "Leeds", Postcode: "LS1 1AA", Email: "s•••@r•••"}) {
			t.Errorf("%+v", e)
		}
		for code, rule := range map[string]haven.Rule{"FX004": "registration.no-contact", "FX999": "registration.unknown", "F": "organisation.code"} {
			if e := begin(code); e.Verdict.Rule != rule || e.Verdict.Allowed || e.Verdict.Reason == "" {
				t.Errorf("%s: %+v", code, e)
			}
		}
		err := h.DB.Write(ctx, func(tx *db.Tx) error {
			tx.Exec(`UPDATE organisation SET joined = 20170902 WHERE code = 'FX003'`)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if e := begin("FX003"); e.Verdict.Rule != "registration.no-contact" || e.Premises.Email != "" {
			t.Errorf("sold since: %+v", e)
		}
		if err := h.Places.SetCentral(ctx, desk, organisation.Central{Group: "P001", Contact: "Ines", Email: haven.MustAddress("i@group.example")}); err != nil {
			t.Fatal(err)
		}
		if e := begin("FX002"); e.Verdict.Rule != "registration.central" || e.Central.Contact != "Ines" {
			t.Errorf("%+v", e)
		}
		if err := h.Places.Release(ctx, desk, "FX002"); err != nil {
			t.Fatal(err)
		}
		if e := begin("FX002"); !e.Verdict.Allowed || e.Central.Contact != "" {
			t.Errorf("released: %+v", e)
		}
		owner := h.Person("Grace", "Lindqvist")
		if _, err := h.Shared.Create(ctx, desk, sharedmailbox.Spec{Organisation: h.org, ODS: "FX002", Name: "Rowan", Place: "Leeds", Owners: []haven.AccountNo{owner.No}}); err != nil {
			t.Fatal(err)
		}
		if e := begin("FX002"); e.Verdict.Rule != "registration.already" || strings.Contains(fmt.Sprint(e), "Grace") {
			t.Errorf("registered: %+v", e)
		}
		_, err = h.s.Ask(ctx, visitor, "FX002", number)
		want(t, "a passcode for one that is registered", err, "registration.already")
		_, err = h.s.Ask(ctx, visitor, "FX999", number)
		want(t, "a passcode for one that is not there", err, "registration.unknown")
		_, err = h.s.Ask(ctx, visitor, "FX003", "2")
		want(t, "no number", err, "premises.gphc")
	})
}

// TestRegistration is the way through, as most take it.
func TestRegistration(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		pass, err := h.s.Ask(ctx, visitor, "fx002", "103 4567")
		if err != nil || pass.To != "s•••@r•••" || !pass.Until.Equal(peopletest.Start.Add(30*time.Minute)) {
			t.Fatalf("%+v, %v", pass, err)
		}
		l := h.one("passcode")
		if l.Attempt.To.String() != "shop@rowan.example" || len(l.Passcode) != 8 || l.Attempt.Ref != pass.Ref || l.Attempt.NotUs == "" {
			t.Fatalf("%+v", l)
		}
		where := func(want string) {
			t.Helper()
			w, err := h.s.Where(ctx, visitor, strings.ToLower(string(pass.Ref)))
			if err != nil || !strings.Contains(w.Says, want) || strings.Contains(w.Says, "Rowan") {
				t.Errorf("%+v, %v, want %s", w, err, want)
			}
		}
		where("We wait for the passcode")
		token, err := h.s.Prove(ctx, visitor, string(pass.Ref), " "+l.Passcode[:4]+" "+l.Passcode[4:])
		if err != nil {
			t.Fatal(err)
		}
		where("not sent yet")
		_, err = h.s.Submit(ctx, visitor, pass.Ref, token)
		want(t, "sent without people", err, "registration.people")
		people := []registration.Person{person("Ann", "Example", 1), person("Bob", "Sample", 2)}
		want(t, "people", h.s.SetPeople(ctx, visitor, pass.Ref, token, append([]registration.Person{person("Eve", "Gone", 9)}, people...)), "")
		want(t, "other people", h.s.SetPeople(ctx, visitor, pass.Ref, token, people), "")
		d, err := h.s.Answers(ctx, pass.Ref, token)
		if err != nil || len(d.People) != 2 || d.People[1].Mobile != "+447700900102" || d.Premises.Code != "FX002" || !d.Until.Truncate(time.Second).Equal(peopletest.Start.Add(20*time.Hour)) {
			t.Errorf("%+v, %v", d, err)
		}
		h.letters()
		var dones []registration.Done
		for range 3 {
			done, err := h.s.Submit(ctx, visitor, pass.Ref, token)
			if err != nil {
				t.Fatal(err)
			}
			dones = append(dones, done)
		}
		if dones[0] != (registration.Done{Ref: pass.Ref, Says: registration.Written}) || dones[1] != dones[0] || dones[2] != dones[0] {
			t.Errorf("%+v", dones)
		}
		where("It was sent.")
		if got := h.members(); got != "ann.example invited owner, bob.sample invited member" {
			t.Errorf("members %s", got)
		}
		box := h.box()
		if box.State != account.Active || box.Address.Local != "nhspharmacy.leeds.rowanpharmacyFX002" {
			t.Errorf("%+v", box)
		}
		checkLetters(t, h, box)
		ann, err := h.Accounts.Resolve(ctx, haven.MustAddress("ann.example@haven.example"))
		if err != nil {
			t.Fatal(err)
		}
		if all, err := h.contacts.Of(ctx, ann.No); err != nil || len(all) != 2 || all[0].Value != "ann1@home.example" || all[1].Value != "+447700900101" {
			t.Errorf("contacts %+v, %v", all, err)
		}
		if posts, err := h.Places.Posts(ctx, ann.No); err != nil || len(posts) != 1 || posts[0].Organisation != h.org {
			t.Errorf("posts %+v, %v", posts, err)
		}
		if left, err := h.s.Left(ctx, h.org); err != nil || left != 1 {
			t.Errorf("%d accounts are left, %v", left, err)
		}
		if e, err := h.s.Begin(ctx, "FX002"); err != nil || e.Verdict.Rule != "registration.already" {
			t.Errorf("afterwards: %+v, %v", e, err)
		}
		if d, err := h.s.Answers(ctx, pass.Ref, token); err != nil || d.State != registration.Submitted || len(d.People) != 0 {
			t.Errorf("answers afterwards: %+v, %v", d, err)
		}
		want(t, "people afterwards", h.s.SetPeople(ctx, visitor, pass.Ref, token, people), "registration.sent")
		_, err = h.s.Again(ctx, visitor, string(pass.Ref))
		want(t, "a passcode afterwards", err, "registration.sent")
	})
}

// checkLetters: each is told once, whatever was called how often.
func checkLetters(t *testing.T, h *house, box account.Account) {
	t.Helper()
	all := h.letters()
	if len(all) != 3 || all[0].Kind != "completed" || all[0].Mailbox.No != box.No || all[0].Completion.To.String() != "shop@rowan.example" || all[0].Completion.NotUs == "" {
		t.Fatalf("%+v", all)
	}
	for i, l := range all[1:] {
		by := []string{"", "Ann Example"}[i]
		if l.Kind != "named" || !l.New || l.Email == "" || l.Mobile == "" || l.Password == "" || l.NotMe == "" || l.By != by || l.Owner != (i == 0) {
			t.Errorf("%+v", l)
		}
	}
}

// TestNumbersCantBeProbed: with a wrong number everything looks the same, and no passcode is sent.
func TestNumbersCantBeProbed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		var says [2][]string
		for i, n := range []string{number, "1999999"} {
			code := []string{"FX002", "FX003"}[i]
			say := func(what any, err error) {
				text := ""
				if err != nil {
					text = errs.KindOf(err).String() + errs.Say(err)
				}
				says[i] = append(says[i], fmt.Sprint(what, text))
			}
			h.letters()
			pass, err := h.s.Ask(ctx, visitor, code, n)
			ref := pass.Ref
			pass.Ref = ""
			say(pass, err)
			l := h.letters()[0]
			if l.Kind != []string{"passcode", "attempted"}[i] || (l.Passcode != "") != (i == 0) || l.Attempt.NotUs == "" {
				t.Errorf("the premises is told %+v", l)
			}
			for range 7 {
				token, err := h.s.Prove(ctx, visitor, string(ref), "wrong")
				say(token, err)
			}
			w, err := h.s.Where(ctx, visitor, string(ref))
			say(w, err)
			_, err = h.s.Answers(ctx, ref, "nonsense")
			say("", err)
			for range 5 { // the first of the day was Ask's
				pass, err := h.s.Again(ctx, visitor, string(ref))
				pass.Ref = ""
				say(pass, err)
			}
			pass, err = h.s.Ask(ctx, visitor, code, n)
			say(pass, err)
		}
		for i, a := range says[0] {
			if b := says[1][i]; a != b {
				t.Errorf("answer %d: %s\nwith a wrong number: %s", i, a, b)
			}
		}
		if text := strings.Join(says[0], "\n"); strings.Count(text, "no more are sent") != 2 || strings.Count(text, "too often") != 2 {
			t.Errorf("%s", text)
		}
	}, func(p *policy.Policy) { p.Registration.PlaceAsks = 1000 })
}

func TestPasscodes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		pass, err := h.s.Ask(ctx, visitor, "FX002", number)
		if err != nil {
			t.Fatal(err)
		}
		first := h.one("passcode").Passcode
		prove := func(code string) error {
			_, err := h.s.Prove(ctx, visitor, string(pass.Ref), code)
			return err
		}
		again := func() string {
			t.Helper()
			if _, err := h.s.Again(ctx, visitor, string(pass.Ref)); err != nil {
				t.Fatal(err)
			}
			return h.one("passcode").Passcode
		}
		for range 5 {
			want(t, "a wrong one", prove("12"), "registration.passcode")
		}
		want(t, "the right one, too late", prove(first), "registration.passcode-tries")
		second := again()
		want(t, "the one before", prove(first), "registration.passcode")
		h.Clock.Advance(30 * time.Minute)
		want(t, "after 30 minutes", prove(second), "registration.passcode-expired")
		third := again()
		one, err := h.s.Prove(ctx, visitor, string(pass.Ref), third)
		want(t, "the third", err, "")
		want(t, "the third once more", prove(third), "registration.passcode-none")
		want(t, "people", h.s.SetPeople(ctx, visitor, pass.Ref, one, []registration.Person{person("Ann", "Example", 1)}), "")
		// Another browser goes on, and the first can't any more.
		other, err := h.s.Prove(ctx, visitor, string(pass.Ref), again())
		want(t, "the fourth", err, "")
		if d, err := h.s.Answers(ctx, pass.Ref, other); err != nil || len(d.People) != 1 {
			t.Errorf("resumed: %+v, %v", d, err)
		}
		_, err = h.s.Answers(ctx, pass.Ref, one)
		want(t, "the first browser", err, "registration.token")
		_, err = h.s.Submit(ctx, visitor, "HV-2222-2222", other)
		want(t, "another reference", err, "registration.token")
		again()
		_, err = h.s.Again(ctx, visitor, string(pass.Ref))
		want(t, "a sixth of the day", err, "registration.passcodes")
		h.Clock.Advance(23*time.Hour + 30*time.Minute)
		_, err = h.s.Again(ctx, visitor, string(pass.Ref))
		want(t, "the next day, when nothing is kept any more", err, "registration.lapsed")
		_, err = h.s.Ask(ctx, visitor, "FX002", number)
		want(t, "begun anew", err, "")
		for _, ref := range []string{"HV-2222-2222", "nonsense"} {
			_, err = h.s.Prove(ctx, visitor, ref, "12345678")
			want(t, "no application", err, "registration.reference")
		}
	})
}

// TestPlacesAreCounted: nobody tries out references or passcodes from one network.
func TestPlacesAreCounted(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		for range 3 {
			_, err := h.s.Where(t.Context(), visitor, "HV-2222-2222")
			want(t, "a guess", err, "registration.reference")
		}
		_, err := h.s.Where(t.Context(), visitor, "HV-2222-2222")
		want(t, "one too many", err, "registration.busy")
		_, err = h.s.Prove(t.Context(), visitor, "HV-2222-2222", "1")
		want(t, "a passcode", err, "registration.busy")
		_, err = h.s.Ask(t.Context(), visitor, "FX002", number)
		want(t, "a question", err, "registration.busy")
		_, err = h.s.Where(t.Context(), haven.Actor{Place: "198.51.100.9"}, "HV-2222-2222")
		want(t, "from elsewhere", err, "registration.reference")
		h.Clock.Advance(2 * time.Hour)
		_, err = h.s.Where(t.Context(), visitor, "HV-2222-2222")
		want(t, "later", err, "registration.reference")
	}, func(p *policy.Policy) { p.Registration.PlaceAsks = 3 })
}

// TestTwoApplications: of two for one premises the first that is sent wins; of one that is sent twice at once, both calls
// get the same answer and everything is made once.
func TestTwoApplications(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		a, aToken := h.filled(person("Ann", "Example", 1))
		b, bToken := h.filled(person("Bob", "Sample", 2))
		var group sync.WaitGroup
		results := make([]error, 6)
		for i := range results {
			group.Go(func() {
				ref, token := a, aToken
				if i%2 == 1 {
					ref, token = b, bToken
				}
				_, results[i] = h.s.Submit(ctx, visitor, ref, token)
			})
		}
		group.Wait()
		won := 0
		if results[0] != nil {
			won = 1
		}
		for i, err := range results {
			if i%2 == won {
				want(t, "the first", err, "")
			} else {
				want(t, "the second", err, "registration.already")
			}
		}
		if got := h.members(); got != []string{"ann.example invited owner", "bob.sample invited owner"}[won] {
			t.Errorf("members %s", got)
		}
		if h.count("registration.submitted") != 1 || h.count("registration.lost") != 1 {
			t.Errorf("%d sent, %d lost", h.count("registration.submitted"), h.count("registration.lost"))
		}
		lost := []registration.Ref{b, a}[won]
		if w, err := h.s.Where(ctx, visitor, string(lost)); err != nil || w.State != registration.Lost {
			t.Errorf("%+v, %v", w, err)
		}
	})
}

// TestManyAtOnce: however many ask and try at the same time, so many passcodes are sent and so many tries are counted.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		atOnce := func(do func() error) map[string]int {
			var group sync.WaitGroup
			var mu sync.Mutex
			got := map[string]int{}
			for range 16 {
				group.Go(func() {
					rule := ""
					var e *errs.Error
					if err := do(); errors.As(err, &e) {
						rule = e.Rule
					}
					mu.Lock()
					defer mu.Unlock()
					got[rule]++
				})
			}
			group.Wait()
			return got
		}
		if got := atOnce(func() error { _, err := h.s.Ask(ctx, visitor, "FX002", number); return err }); got[""] != 5 || got["registration.passcodes"] != 11 {
			t.Errorf("asked: %v", got)
		}
		if n := len(h.letters()); n != 5 {
			t.Errorf("%d letters", n)
		}
		pass, err := h.s.Ask(ctx, visitor, "FX003", "1034568")
		want(t, "asked", err, "")
		got := atOnce(func() error { _, err := h.s.Prove(ctx, visitor, string(pass.Ref), "wrong"); return err })
		if got["registration.passcode"] != 5 || got["registration.passcode-tries"] != 11 {
			t.Errorf("tried: %v", got)
		}
		_, err = h.s.Again(ctx, visitor, string(pass.Ref))
		want(t, "again", err, "")
		code := ""
		for _, l := range h.letters() {
			code = l.Passcode
		}
		if got := atOnce(func() error { _, err := h.s.Prove(ctx, visitor, string(pass.Ref), code); return err }); got[""] != 1 || got["registration.passcode-none"] != 15 {
			t.Errorf("proven: %v", got)
		}
	}, func(p *policy.Policy) { p.Registration.PlaceAsks = 1000 })
}

// TestSweep: what nobody sent is deleted after 20 hours, and all trace of what ended after 90 days.
func TestSweep(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		ref, token := h.filled(person("Ann", "Example", 1))
		rows := func(table string) int { return countRows(t, h, table) }
		for _, step := range []struct {
			after                time.Duration
			people, applications int
		}{{19 * time.Hour, 1, 1}, {time.Hour + time.Second, 0, 1}, {89 * 24 * time.Hour, 0, 1}, {24 * time.Hour, 0, 0}} {
			h.Clock.Advance(step.after)
			for range 2 {
				if err := h.s.Sweep(ctx); err != nil {
					t.Fatal(err)
				}
			}
			if p, a := rows("registration_person"), rows("registration"); p != step.people || a != step.applications {
				t.Errorf("after %v: %d people, %d applications", step.after, p, a)
			}
		}
		if n := rows("registration_token") + rows("registration_ask"); n != 0 {
			t.Errorf("%d tokens and asks are left", n)
		}
		_, err := h.s.Answers(ctx, ref, token)
		want(t, "long after", err, "registration.token")
		if h.count("registration.lapsed") != 1 {
			t.Errorf("%d lapsed", h.count("registration.lapsed"))
		}
	})
}
