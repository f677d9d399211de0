package registration_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/organisation"
	"haven/people/peopletest"
	"haven/people/registration"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

// walk is somebody who does whatever comes to mind at the portal, for as long as it takes.
type walk struct {
	*house
	r     *rand.Rand
	apps  []*app
	known []account.Account
	links struct{ notUs, notMe []registration.Token }
	again int // accounts that a desk made of namesakes
	trail []string
}

// app is an application as the walker remembers it.
type app struct {
	ref   registration.Ref
	code  string // the newest passcode
	token registration.Token
	sent  bool
}

// TestRandomWalks: whatever is done in whatever order, no step breaks what holds for registrations.
func TestRandomWalks(t *testing.T) {
	t.Parallel()
	for seed := range uint64(5) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, h *house) {
				h.Ownerless = 2 // "not me" is never refused
				w := &walk{house: h, r: rand.New(rand.NewPCG(seed, 7))}
				for i, p := range []registration.Person{person("Bob", "Sample", 2), person("Cy", "Other", 3)} {
					a := h.known(p)
					w.known = append(w.known, a)
					if i == 1 {
						want(t, "a post", h.Places.AddPost(t.Context(), desk, organisation.Post{Person: a.No, Organisation: h.org, Role: "Dispenser"}), "")
					}
				}
				for range 400 {
					w.step()
					w.holds()
					if t.Failed() {
						t.Fatalf("after %v", w.trail)
					}
				}
				t.Logf("%d applications, %d sent, %d frozen, %d said yes, %d not me, %d made after all", len(w.apps), h.count("registration.submitted"),
					h.count("registration.frozen"), h.count("registration.confirmed"), h.count("registration.not-me"), w.again)
			}, func(p *policy.Policy) {
				p.Registration.PlaceAsks, p.Registration.PasscodesADay = 100_000, 8
			})
		})
	}
}

// pick is an application that there is, or one that is not.
func (w *walk) pick() *app {
	if len(w.apps) == 0 || w.r.IntN(20) == 0 {
		return &app{ref: "HV-2222-2222", code: "12345678", token: "nonsense"}
	}
	return w.apps[max(0, len(w.apps)-1-w.r.IntN(3))]
}

func (w *walk) step() {
	ctx, a := w.t.Context(), w.pick()
	steps := []struct {
		name string
		do   func() error
	}{
		{"ask", func() error { return w.ask(number) }},
		{"ask wrongly", func() error { return w.ask("1999999") }},
		{"again", func() error { _, err := w.s.Again(ctx, w.visitor, string(a.ref)); return err }},
		{"prove", func() error { return w.prove(a, a.code) }},
		{"prove", func() error { return w.prove(a, a.code) }},
		{"prove wrongly", func() error { return w.prove(a, "00000000") }},
		{"people", func() error { return w.s.SetPeople(ctx, w.visitor, a.ref, a.token, w.people()) }},
		{"people", func() error { return w.s.SetPeople(ctx, w.visitor, a.ref, a.token, w.people()) }},
		{"answers", func() error { _, err := w.s.Answers(ctx, a.ref, a.token); return err }},
		{"submit", func() error { return w.submit(a) }},
		{"submit", func() error { return w.submit(a) }},
		{"confirm", func() error { return w.answer(a, w.s.Confirm) }},
		{"confirm", func() error { return w.answer(a, w.s.Confirm) }},
		{"decline", func() error { return w.answer(a, w.s.Decline) }},
		{"another", func() error {
			_, err := w.s.Another(ctx, desk, a.ref, w.r.IntN(3))
			if err == nil {
				w.again++
			}
			return err
		}},
		{"settle", func() error { return w.s.Settle(ctx, desk, registration.TaskNotMe, a.ref, w.r.IntN(3)) }},
		{"not me", func() error { return w.s.NotMe(ctx, w.visitor, oneOf(w, w.links.notMe)) }},
		{"not us", func() error {
			if w.r.IntN(5) > 0 {
				return nil
			}
			return w.s.NotUs(ctx, w.visitor, oneOf(w, w.links.notUs))
		}},
		{"thaw", func() error { return w.s.Thaw(ctx, desk, w.org+organisation.ID(w.r.IntN(2))) }},
		{"thaw", func() error { return w.s.Thaw(ctx, desk, w.org+organisation.ID(w.r.IntN(2))) }},
		{"where", func() error { _, err := w.s.Where(ctx, w.visitor, string(a.ref)); return err }},
		{"sweep", func() error { return w.s.Sweep(ctx) }},
		{"a minute", func() error { w.Clock.Advance(time.Minute); return nil }},
		{"hours", func() error { w.Clock.Advance(time.Duration(w.r.IntN(6)) * time.Hour); return nil }},
	}
	step := steps[w.r.IntN(len(steps))]
	if w.r.IntN(3) == 0 { // on the way through
		step = steps[3+2*w.r.IntN(5)]
	}
	err := step.do()
	w.trail = append(w.trail, step.name)
	var e *errs.Error
	if err != nil && (!errors.As(err, &e) || e.Kind == errs.Internal || e.Kind == errs.Transient || e.Say == "") {
		w.t.Errorf("%s: %v", step.name, err)
	}
	for _, l := range w.letters() {
		switch l.Kind {
		case "named":
			w.links.notMe = append(w.links.notMe, l.NotMe)
		case "completed":
			w.links.notUs = append(w.links.notUs, l.Completion.NotUs)
		default:
			w.links.notUs = append(w.links.notUs, l.Attempt.NotUs)
			for _, a := range w.apps {
				if a.ref == l.Attempt.Ref && l.Passcode != "" {
					a.code = l.Passcode
				}
			}
		}
	}
}

func oneOf(w *walk, all []registration.Token) registration.Token {
	if len(all) == 0 {
		return "nonsense"
	}
	return all[w.r.IntN(len(all))]
}

func (w *walk) ask(gphc string) error {
	code := "FX002"
	if w.r.IntN(2) == 0 {
		code = "FX003"
		if gphc == number {
			gphc = "1034568"
		}
	}
	pass, err := w.s.Ask(w.t.Context(), w.visitor, code, gphc)
	if err == nil {
		w.apps = append(w.apps, &app{ref: pass.Ref})
	}
	return err
}

func (w *walk) prove(a *app, code string) error {
	token, err := w.s.Prove(w.t.Context(), w.visitor, string(a.ref), code)
	if err == nil {
		a.token = token
	}
	return err
}

func (w *walk) people() []registration.Person {
	cast := []registration.Person{person("Ann", "Example", 1), person("Bob", "Sample", 2), person("Cy", "Other", 30), person("Dee", "Third", 4)}
	w.r.Shuffle(len(cast), func(i, j int) { cast[i], cast[j] = cast[j], cast[i] })
	return cast[:w.r.IntN(4)]
}

// submit says the same words each time, and an application that was sent never takes that back.
func (w *walk) submit(a *app) error {
	done, err := w.s.Submit(w.t.Context(), w.visitor, a.ref, a.token)
	if err == nil {
		if done != (registration.Done{Ref: a.ref, Says: registration.Written}) {
			w.t.Errorf("%+v", done)
		}
		a.sent = true
	}
	return err
}

// answer lets one of those who are known answer a question, their own or not.
func (w *walk) answer(a *app, do func(ctx context.Context, actor haven.Actor, ref registration.Ref, place int) error) error {
	who := w.known[w.r.IntN(len(w.known))]
	if all, err := w.s.NamedFor(w.t.Context(), who.No); err == nil && len(all) > 0 && w.r.IntN(4) > 0 {
		return do(w.t.Context(), peopletest.As(who), all[0].Ref, all[0].Place)
	}
	return do(w.t.Context(), peopletest.As(who), a.ref, w.r.IntN(3))
}

// holds looks at what has to hold after every step.
func (w *walk) holds() {
	for _, q := range []struct {
		what, sql string
		most      int
	}{
		{"mailboxes of the premises", `SELECT COALESCE(MAX(n), 0) FROM (SELECT COUNT(*) AS n FROM shared_mailbox GROUP BY organisation) c`, 1},
		{"applications that were sent", `SELECT COALESCE(MAX(n), 0) FROM (SELECT COUNT(*) AS n FROM registration WHERE state = 3 GROUP BY organisation) c`, 1},
		{"accounts of one person", `SELECT COUNT(*) FROM person WHERE first = 'Ann'`, 1 + w.again},
		{"accounts of one who was known", `SELECT COUNT(*) FROM person WHERE first = 'Bob'`, 1 + w.again},
		{"accounts of staff of one premises, who is new at the other", `SELECT COUNT(*) FROM person WHERE first = 'Cy'`, 2 + w.again},
		{"answers that nobody needs", `SELECT COUNT(*) FROM registration_person p JOIN registration a ON a.ref = p.ref
			WHERE p.sealed IS NOT NULL AND NOT (a.state IN (1, 2) OR p.state IN (3, 5))`, 0},
		{"people of applications that ended", `SELECT COUNT(*) FROM registration_person p JOIN registration a ON a.ref = p.ref WHERE a.state IN (4, 5, 6)`, 0},
		{"passcodes of applications that can't go on", `SELECT COUNT(*) FROM registration WHERE state > 2 AND passcode IS NOT NULL`, 0},
		{"passcodes for wrong numbers", `SELECT COUNT(*) FROM registration WHERE good = 0 AND (passcode IS NOT NULL OR token IS NOT NULL)`, 0},
		{"mailboxes that a frozen premises opens", `SELECT COUNT(*) FROM registration_premises p JOIN shared_mailbox s ON s.organisation = p.organisation
			JOIN account b ON b.no = s.an WHERE p.frozen > 0 AND b.state = 2`, 0},
		{"members who were not asked", `SELECT COUNT(*) FROM member m JOIN registration_person p ON p.account = m.person
			JOIN registration a ON a.ref = p.ref AND a.mailbox = m.an WHERE p.state = 3`, 0},
		{"mailboxes open before their owner said yes", `SELECT COUNT(*) FROM shared_mailbox s JOIN account b ON b.no = s.an WHERE b.state = 2
			AND NOT EXISTS (SELECT 1 FROM member m WHERE m.an = s.an AND m.rights & 16 <> 0)`, 0},
	} {
		n := 0
		err := w.DB.Read(w.t.Context(), func(tx *db.Tx) error {
			return tx.Query(q.sql, nil, func(r db.Row) error { n = int(r.Int64(0)); return nil })
		})
		if err != nil || n > q.most {
			w.t.Errorf("%d %s, %v", n, q.what, err)
		}
	}
	for _, a := range w.apps {
		if s, err := w.s.Where(w.t.Context(), w.visitor, string(a.ref)); a.sent && err == nil && s.State != registration.Submitted && s.State != registration.Ended {
			w.t.Errorf("%s was sent and is %+v", a.ref, s)
		}
	}
}
