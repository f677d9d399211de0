package delivery_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/mail/delivery"
	"haven/mail/delivery/deliverytest"
	"haven/mail/mailbox"
	"haven/mail/work"
	"haven/platform/db"
	"haven/platform/db/dbtest"
	"haven/platform/policy"
)

// shopPeople are the place's people by name, for what is said of them.
type shopPeople struct{ p *deliverytest.Place }

func (s shopPeople) PersonIn(_ *db.Tx, no haven.AccountNo) (work.Person, error) {
	names := map[haven.AccountNo]string{s.p.Alice: "Alice Hughes", s.p.Ben: "Ben Okafor", s.p.Shop: "The Shop"}
	return work.Person{ID: deliverytest.ID(no), Name: names[no], Shared: no == s.p.Shop}, nil
}

func (shopPeople) MembersIn(*db.Tx, haven.AccountNo) ([]haven.AccountNo, error) { return nil, nil }

func (shopPeople) NumberIn(*db.Tx, haven.AccountID) (haven.AccountNo, error) { return 0, nil }

func (shopPeople) OpeningIn(*db.Tx, haven.AccountNo) (work.Opening, error) { return nil, nil }

func (shopPeople) WithinIn(_ *db.Tx, _ haven.AccountNo, from time.Time, d time.Duration) (time.Time, error) {
	return from.Add(d), nil
}

// A premises answers once, with whatever program: who comes second is told who was first, and may insist.
func TestSecondAnswer(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, engine string) {
		pol, err := policy.Profile(policy.Default)
		if err != nil {
			t.Fatal(err)
		}
		p := deliverytest.NewAt(t, engine, "pharmacy.test", func(p *deliverytest.Place, o *delivery.Options) {
			if err := o.DB.Migrate(context.Background(), work.Schema); err != nil {
				t.Fatal(err)
			}
			s := p.Store
			o.Colleagues = work.New(work.Options{DB: s.DB, Mail: s.Service, Access: s.Grants, People: shopPeople{p}, Hours: shopPeople{p}, Keys: s.Keys, Hub: s.Hub, Policy: pol.Work, Clock: s.Clock})
		})
		p.Store.Grants.Set(p.Ben, p.Shop, haven.Member)
		p.Store.Deliver(p.Shop, "From: lee@surgery.test\nTo: shop@pharmacy.test\nSubject: Repeat\nMessage-ID: <ask@surgery.test>\n\nIs it there?\n")
		answer := func(who haven.AccountNo, id, from string, more ...string) error {
			t.Helper()
			return submit(t, p, who, from, "From: "+from+"\r\nTo: lee@surgery.test\r\nSubject: Re: Repeat\r\nMessage-ID: <"+id+"@pharmacy.test>\r\n"+
				"In-Reply-To: <ask@surgery.test>\r\n"+strings.Join(more, "")+"\r\nYes.\r\n", "lee@surgery.test")
		}
		ok := func(what string, err error) {
			t.Helper()
			if err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
		const shop = "shop@pharmacy.test"
		ok("the first answer", answer(p.Ben, "1", shop))
		p.Store.Clock.Advance(time.Minute)
		err = answer(p.Alice, "2", shop)
		wantRule(t, err, work.RuleAnswered, 550, "5.7.1")
		if err == nil || !strings.Contains(err.Error(), "Ben Okafor answered this at 09:00 on 22 November") {
			t.Errorf("it is told %v", err)
		}
		if n := len(p.Letters(p.Shop, mailbox.Sent)); n != 1 || len(p.Queue()) != 1 {
			t.Errorf("%d letters in Sent, %d in the queue", n, len(p.Queue()))
		}
		ok("from her own address", answer(p.Alice, "3", "alice@pharmacy.test"))
		ok("what a program writes by itself", answer(p.Alice, "4", shop, "Auto-Submitted: auto-replied\r\n"))
		ok("once more by who was first", answer(p.Ben, "5", shop))
		p.Store.Clock.Advance(time.Minute)
		wantRule(t, answer(p.Alice, "6", shop), work.RuleAnswered, 550, "5.7.1") // after a newer answer
		ok("sent again", answer(p.Alice, "6", shop))
	})
}
