// Package deliverytest gives tests a delivery service over a real mail store, in a place where a few made-up people
// live: the directory, the rights to send and the queue are tables here.
package deliverytest

import (
	"context"
	"encoding/binary"
	"sync"
	"testing"

	"haven"
	"haven/mail/authn"
	"haven/mail/delivery"
	"haven/mail/mailbox"
	"haven/mail/mailbox/mailboxtest"
	"haven/mail/outbox"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

// Place is a service for one domain, pharmacy.test unless the test says otherwise, with alice@, ben@, the shared
// mailbox shop@ (alias store@) and postmaster@. alice may send as shop@; ben may send on behalf of it.
type Place struct {
	*delivery.Service
	Domain string
	Store  *mailboxtest.Store
	Alice  haven.AccountNo
	Ben    haven.AccountNo
	Shop   haven.AccountNo
	Post   haven.AccountNo
	Zone   *authn.Zone

	t     testing.TB
	mu    sync.Mutex
	boxes map[string]delivery.Recipient
	queue []outbox.Item
}

// Each runs fn as a subtest on every engine.
func Each(t *testing.T, fn func(t *testing.T, p *Place)) {
	t.Helper()
	mailboxtest.Each(t, func(t *testing.T, s *mailboxtest.Store) { fn(t, over(t, s, "pharmacy.test", nil, nil)) })
}

// New makes a place on one engine, with the default policy as changed.
func New(t testing.TB, engine string, change func(*policy.Policy)) *Place {
	t.Helper()
	changes := []func(*policy.Policy){}
	if change != nil {
		changes = append(changes, change)
	}
	return over(t, mailboxtest.New(t, engine, changes...), "pharmacy.test", change, nil)
}

// NewAt makes a place for a domain, whose service stands on what adjust makes of the usual options.
func NewAt(t testing.TB, engine, domain string, adjust func(*Place, *delivery.Options)) *Place {
	t.Helper()
	return over(t, mailboxtest.New(t, engine), domain, nil, adjust)
}

func over(t testing.TB, s *mailboxtest.Store, domain string, change func(*policy.Policy), adjust func(*Place, *delivery.Options)) *Place {
	t.Helper()
	pol, err := policy.Profile(policy.Default)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&pol)
	}
	if err := s.DB.Migrate(context.Background(), audit.Schema, delivery.Schema); err != nil {
		t.Fatal(err)
	}
	sealer, err := s.Keys.Sealer(context.Background(), "delivery")
	if err != nil {
		t.Fatal(err)
	}
	p := &Place{Domain: domain, Store: s, t: t, boxes: map[string]delivery.Recipient{}, Zone: &authn.Zone{}}
	p.Alice, p.Ben, p.Shop, p.Post = p.Box("alice"), p.Box("ben"), p.Box("shop", "store"), p.Box("postmaster")
	s.Grants.Set(p.Alice, p.Shop, haven.Member)
	s.Grants.Set(p.Ben, p.Shop, haven.Read|haven.SendOnBehalf)
	o := delivery.Options{
		Host: "mx." + domain, Postmaster: haven.MustAddress("postmaster@" + domain),
		Store: s.Service, Room: s.Service, Bodies: s.Packs, Keys: s.Keys, Directory: p, Senders: p, Outbox: p,
		Checker: &authn.Checker{DNS: p.Zone}, Policy: pol.Sending, Clock: s.Clock,
		DB: s.DB, Sealer: sealer, Sieve: pol.Sieve,
	}
	if adjust != nil {
		adjust(p, &o)
	}
	p.Service = delivery.New(o)
	return p
}

// Box makes a mailbox with addresses in the place's domain, the main one first.
func (p *Place) Box(locals ...string) haven.AccountNo {
	no := p.Store.Account()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range locals {
		p.boxes[l+"@"+p.Domain] = delivery.Recipient{Account: no, Address: haven.MustAddress(locals[0] + "@" + p.Domain), ID: ID(no)}
	}
	return no
}

// Unbox has nobody find a mailbox any more.
func (p *Place) Unbox(local string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.boxes, local+"@"+p.Domain)
}

// Resolve is delivery.Directory's.
func (p *Place) Resolve(_ context.Context, a haven.Address) (delivery.Recipient, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r, ok := p.boxes[a.Key()]; ok {
		return r, nil
	}
	if a.Local == "closed" {
		return delivery.Recipient{}, errs.E(errs.Denied, "This mailbox is closed. Write to shop@pharmacy.test.")
	}
	return delivery.Recipient{}, errs.E(errs.NotFound, "There is no such mailbox.")
}

// Serves is delivery.Directory's.
func (p *Place) Serves(_ context.Context, domain string) (bool, error) {
	return domain == p.Domain, nil
}

// MayUse is delivery.Senders'.
func (p *Place) MayUse(ctx context.Context, who delivery.Submitter, a haven.Address) (delivery.Use, error) {
	r, err := p.Resolve(ctx, a)
	if err != nil {
		return delivery.Use{}, errs.E(errs.Denied, "")
	}
	rights, _, err := p.Store.Grants.In(nil, who.Person, r.Account)
	switch {
	case rights.Has(haven.SendAs):
		return delivery.Use{Account: r.Account, ID: ID(r.Account)}, err
	case rights.Has(haven.SendOnBehalf):
		return delivery.Use{Account: r.Account, ID: ID(r.Account), OnBehalf: true}, err
	}
	return delivery.Use{}, errs.E(errs.Denied, "")
}

// Enqueue is delivery.Outbox's.
func (p *Place) Enqueue(_ *db.Tx, item outbox.Item) (outbox.ID, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue = append(p.queue, item)
	return outbox.ID(len(p.queue)), nil
}

// Wake is delivery.Outbox's.
func (p *Place) Wake(...outbox.Recipient) {}

// Queue is what was queued for other servers.
func (p *Place) Queue() []outbox.Item {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]outbox.Item(nil), p.queue...)
}

// ID is the id of an account here, which people would have drawn.
func ID(no haven.AccountNo) (id haven.AccountID) {
	binary.BigEndian.PutUint64(id[8:], uint64(no))
	return id
}

// Submitter is one of the people, signed in.
func (p *Place) Submitter(no haven.AccountNo) delivery.Submitter {
	name := map[haven.AccountNo]string{p.Alice: "alice", p.Ben: "ben"}[no]
	return delivery.Submitter{Person: no, ID: ID(no), Address: haven.MustAddress(name + "@" + p.Domain)}
}

// Letters are the whole texts of what lies in an account's folder of a role, oldest first.
func (p *Place) Letters(no haven.AccountNo, role mailbox.Role) []string {
	p.t.Helper()
	v := mailboxtest.Own(no)
	folders, err := p.Store.Folders(context.Background(), v)
	if err != nil {
		p.t.Fatal(err)
	}
	var out []string
	for _, f := range folders {
		if f.Role != role {
			continue
		}
		err := p.Store.Rows(context.Background(), v, f.No, []mailbox.Range{{Lo: 1, Hi: mailbox.MaxUID}}, 0, func(rows []mailbox.Row) error {
			for _, r := range rows {
				out = append(out, p.Store.Text(v, r.Msg))
			}
			return nil
		})
		if err != nil {
			p.t.Fatal(err)
		}
	}
	return out
}

// Only is the one letter in a folder.
func (p *Place) Only(no haven.AccountNo, role mailbox.Role) string {
	p.t.Helper()
	all := p.Letters(no, role)
	if len(all) != 1 {
		p.t.Fatalf("%d letters lie in %s, wanted 1", len(all), role)
	}
	return all[0]
}
