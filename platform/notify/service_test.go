package notify

import (
	"strings"
	"testing"
	"time"

	"haven"
	"haven/platform/db"
	"haven/platform/errs"
)

func TestKept(t *testing.T) {
	t.Parallel()
	actor := haven.Actor{Program: "admin"}
	for _, show := range []bool{false, true} {
		each(t, func(t *testing.T, p *post) {
			m := password
			m.About = haven.AccountID{7}
			id := p.write(m)
			p.step()
			p.want(Kept, 0, "")
			c, err := p.Open(t.Context(), actor, id)
			if err != nil || strings.Contains(c.Body, "kestrel") != show || c.To != password.To {
				t.Errorf("shown %t: %+v, %v", show, c, err)
			}
			if _, err := p.Open(t.Context(), actor, id+1); !errs.Is(err, errs.NotFound) {
				t.Errorf("a notice that is none: %v", err)
			}
			opened := 0
			must(t, p.db.Read(t.Context(), func(tx *db.Tx) error {
				return tx.Query(`SELECT COUNT(*) FROM audit WHERE what = 'notify.opened' AND on_account = $1`, []any{m.About[:]}, func(r db.Row) error { opened = int(r.Int64(0)); return nil })
			}))
			if opened != 1 {
				t.Errorf("%d openings are recorded under the person", opened)
			}
			p.clock.Advance(14*24*time.Hour + time.Second)
			oldest, err := p.Forget(t.Context())
			if err != nil || !oldest.IsZero() {
				t.Errorf("oldest %v, %v", oldest, err)
			}
			must(t, p.sealer.Turn(t.Context(), oldest))
			if _, err := p.Open(t.Context(), actor, id); !errs.Is(err, errs.NotFound) {
				t.Errorf("after its time: %v", err)
			}
		}, func(o *Options) { o.Texts, o.Emails, o.ShowSecrets = nil, nil, show })
	}
}

// Nothing of what a notice says stands in the database.
func TestSealed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *post) {
		p.write(password)
		must(t, p.db.Read(t.Context(), func(tx *db.Tx) error {
			return tx.Query(`SELECT sealed, template, masked FROM notice`, nil, func(r db.Row) error {
				if row := string(r.Bytes(0)) + r.Text(1) + r.Text(2); strings.Contains(row, "kestrel") || strings.Contains(row, "7700900") {
					t.Errorf("a row holds %q", row)
				}
				return nil
			})
		}))
	})
}

// count counts the notices for which a condition holds.
func (p *post) count(where string) (n int) {
	p.t.Helper()
	must(p.t, p.db.Read(p.t.Context(), func(tx *db.Tx) error {
		return tx.Query(`SELECT COUNT(*) FROM notice WHERE `+where, nil, func(r db.Row) error { n = int(r.Int64(0)); return nil })
	}))
	return n
}

// More than one step takes is forgotten, and what is younger is not; a year later the record goes too.
func TestForgotten(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *post) {
		const old = 2*forgetAtOnce + 1
		must(t, p.db.Write(t.Context(), func(tx *db.Tx) error {
			for range old {
				if _, err := p.Send(tx, password); err != nil {
					return err
				}
			}
			return nil
		}))
		p.clock.Advance(numbers.KeepContent)
		m := password
		m.Until = p.clock.Now().Add(time.Hour)
		young := p.clock.Now()
		p.write(m)
		p.clock.Advance(time.Second)
		oldest, err := p.Forget(t.Context())
		if err != nil || !oldest.Equal(young) || p.count("sealed IS NOT NULL") != 1 || p.count("sealed IS NULL") != old {
			t.Errorf("oldest %s, %v; %d are sealed", oldest, err, p.count("sealed IS NOT NULL"))
		}
		p.clock.Advance(numbers.KeepRecord - numbers.KeepContent)
		oldest, err = p.Forget(t.Context())
		if err != nil || !oldest.IsZero() || p.count("1 = 1") != 1 {
			t.Errorf("oldest %s, %v; %d are left", oldest, err, p.count("1 = 1"))
		}
	}, func(o *Options) { o.Texts = nil })
}

func (p *post) wantLate(texts, emails bool) {
	p.t.Helper()
	for ch, want := range map[Channel]bool{Text: texts, Email: emails} {
		if late, err := p.Late(p.t.Context(), ch); err != nil || late != want {
			p.t.Errorf("%s is late: %t, %v", ch, late, err)
		}
	}
}

// What waits, since when, and what was lost is counted by kind; and whoever waits for a text is told that it is late.
func TestFiguresAndLate(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *post) {
		p.write(password)
		p.wantLate(false, false)
		p.notify.Fail(1, 503, "")
		p.step()
		p.wantLate(true, false) // its first try said so
		f, err := p.Figures(t.Context())
		if err != nil || len(f) != 1 || f[Text] != (Figures{Waiting: 1, Oldest: morning}) {
			t.Errorf("%+v, %v", f, err)
		}
		p.clock.Advance(mostWait)
		p.step()
		p.wantLate(false, false)
		p.write(Message{Template: "member.added", To: "no address", Values: map[string]string{"who": "Aisha", "mailbox": "m", "portal": "p"}})
		p.clock.Advance(numbers.LateAfter) // nobody sent it
		p.wantLate(false, true)
		p.step()
		p.wantLate(false, false)
		if f, err = p.Figures(t.Context()); err != nil || len(f) != 1 || f[Email] != (Figures{Lost: 1}) {
			t.Errorf("%+v, %v", f, err)
		}
		p.clock.Advance(lostWithin)
		if f, err = p.Figures(t.Context()); err != nil || len(f) != 0 {
			t.Errorf("a day later %+v, %v", f, err)
		}
	})
}

// An e-mail that comes back is lost, also while a worker still has it in hand, and only for the one who knows its name.
func TestReturned(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *post) {
		back := func(ref string) {
			must(t, p.db.Write(t.Context(), func(tx *db.Tx) error { return p.Returned(tx, ref, "5.1.1") }))
		}
		id := p.write(Message{Template: "member.added", To: "priya@elm.example", Values: map[string]string{"who": "Aisha", "mailbox": "m", "portal": "p"}})
		p.notify.Meanwhile(func() { back(refOf(id)) })
		p.step()
		p.want(Failed, 1, "no such address (5.1.1)")
		p.clock.Advance(time.Hour)
		p.step()
		p.want(Failed, 1, "no such address (5.1.1)")
	})
	each(t, func(t *testing.T, p *post) {
		id := p.write(Message{Template: "member.added", To: "priya@elm.example", Values: map[string]string{"who": "Aisha", "mailbox": "m", "portal": "p"}})
		p.step()
		must(t, p.db.Write(t.Context(), func(tx *db.Tx) error { return p.Dropped(tx, refOf(id)) }))
		p.clock.Advance(time.Hour)
		p.step() // the gateway would say that it is there no more
		p.want(Failed, 1, "it was taken out of the queue by hand")
	})
	each(t, func(t *testing.T, p *post) {
		id := p.write(password)
		for _, ref := range []string{"", "haven-", "haven-0", refOf(id + 1), refOf(id), "haven-" + strings.Repeat("f", 16), "haven-" + strings.Repeat("+", 16), strings.Repeat("haven-", 1000)} {
			must(t, p.db.Write(t.Context(), func(tx *db.Tx) error { return p.Returned(tx, ref, "5.1.1") })) // a text does not come back
		}
		p.want(Waiting, 0, "")
		if !IsRef(strings.ToUpper(refOf(id))) || IsRef("haven-+000000000000001") || IsRef("no-reply") {
			t.Error("what is a name")
		}
	})
}
