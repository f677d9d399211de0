package delivery_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"haven"
	"haven/mail/delivery"
	"haven/mail/delivery/deliverytest"
	"haven/mail/mailbox"
	"haven/mail/outbox"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/db/dbtest"
)

// TestSubmissionIsRecorded: who really sent is in the audit log, in the commit that takes the letter, and nothing of
// what was written is (Rules 3).
func TestSubmissionIsRecorded(t *testing.T) {
	t.Parallel()
	deliverytest.Each(t, func(t *testing.T, p *deliverytest.Place) {
		letter := func(from string) string {
			return "From: " + from + "\r\nTo: patient@else.test\r\nSubject: Tablets\r\n\r\nTwo at night\r\n"
		}
		for _, c := range []struct {
			why         string
			who, as     haven.AccountNo
			from, note  string
			here, there []string
		}{
			{"as oneself", p.Alice, p.Alice, "alice@pharmacy.test", " to 1 here, 1 elsewhere", []string{"ben@pharmacy.test"}, []string{"patient@else.test"}},
			{"as the shared mailbox", p.Alice, p.Shop, "store@pharmacy.test", " to 0 here, 1 elsewhere", nil, []string{"patient@else.test"}},
			{"on its behalf", p.Ben, p.Shop, "shop@pharmacy.test", " to 1 here, 0 elsewhere, on behalf", []string{"alice@pharmacy.test"}, nil},
		} {
			if err := submit(t, p, c.who, c.from, letter(c.from), append(c.here, c.there...)...); err != nil {
				t.Fatalf("%s: %v", c.why, err)
			}
			list := slices.DeleteFunc(about(t, p, deliverytest.ID(c.as)), func(e audit.Sealed) bool {
				return e.Actor.Person != deliverytest.ID(c.who) || e.On != deliverytest.ID(c.as)
			})
			if len(list) != 1 {
				t.Fatalf("%s: %d records", c.why, len(list))
			}
			e := list[0]
			if e.What != "delivery.submitted" || e.Rule != delivery.RuleSender ||
				e.Actor.Program != "submission laptop" || !strings.HasPrefix(e.Note, "letter ") || !strings.HasSuffix(e.Note, c.note) {
				t.Errorf("%s: recorded %+v", c.why, e)
			}
			for _, told := range []string{"Tablets", "night", "patient", "else.test"} {
				if strings.Contains(e.Note, told) {
					t.Errorf("%s: the record tells %q: %s", c.why, told, e.Note)
				}
			}
		}
		if err := submit(t, p, p.Ben, "alice@pharmacy.test", letter("alice@pharmacy.test"), "alice@pharmacy.test"); err == nil {
			t.Fatal("a colleague's address was taken")
		}
		if n := len(about(t, p, deliverytest.ID(p.Ben))); n != 1 {
			t.Errorf("%d records of what Ben sent, wanted 1: a refused letter is none", n)
		}
	})
}

func about(t *testing.T, p *deliverytest.Place, id haven.AccountID) []audit.Sealed {
	t.Helper()
	list, err := audit.About(t.Context(), p.Store.DB, id, 100)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// fullQueue takes nothing.
type fullQueue struct{ *deliverytest.Place }

func (fullQueue) Enqueue(*db.Tx, outbox.Item) (outbox.ID, error) {
	return 0, errors.New("the queue takes nothing")
}

func TestSubmissionThatFailsIsNotRecorded(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		p := deliverytest.NewAt(t, engine, "pharmacy.test", func(p *deliverytest.Place, o *delivery.Options) { o.Outbox = fullQueue{p} })
		err := submit(t, p, p.Alice, "alice@pharmacy.test", "From: alice@pharmacy.test\r\n\r\nHello\r\n", "patient@else.test", "ben@pharmacy.test")
		if err == nil {
			t.Fatal("the letter was taken")
		}
		if list := about(t, p, deliverytest.ID(p.Alice)); len(list) != 0 {
			t.Errorf("recorded %+v", list)
		}
		if n := len(p.Letters(p.Ben, mailbox.Inbox)) + len(p.Letters(p.Alice, mailbox.Sent)); n != 0 {
			t.Errorf("%d letters were filed", n)
		}
	})
}
