package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"haven"
	"haven/face/jmap"
	"haven/mail/authn"
	"haven/mail/push"
	"haven/people/account"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/obs"
	"haven/platform/webpush"
)

// wirePush makes what keeps push subscriptions. They are pushed to by startPush.
func (h *house) wirePush(ctx context.Context) error {
	key, err := h.keys.NamedOr(ctx, "push.vapid", webpush.MakeKey)
	if err != nil {
		return fmt.Errorf("the key that push services know us by can't be had: %w", err)
	}
	contact := h.conf.Push.Contact
	if contact == "" {
		contact = "mailto:" + h.postmaster().String()
	}
	if h.vapid, err = webpush.NewIdentity(key, contact); err != nil {
		return err
	}
	o := webpush.Options{Identity: h.vapid, Clock: h.clock, Resolver: pushNames{h.resolver()}, Limit: h.conf.Policy.Push.Within, Hosts: h.conf.Push.Hosts}
	for _, n := range h.conf.Push.Refused {
		p, err := netip.ParsePrefix(n)
		if err != nil {
			return err
		}
		o.Refused = append(o.Refused, p)
	}
	client := webpush.NewClient(o)
	h.onClose(func() error { client.Close(); return nil })
	h.push = h.newPush(client)
	return nil
}

func (h *house) newPush(through push.Poster) *push.Service {
	return push.NewService(push.Options{DB: h.db, Keys: h.keys, Credentials: credentials{h}, Accounts: readable{h}, Poster: through, Policy: h.conf.Policy.Push,
		Clock: h.clock, Logger: h.log})
}

// wakes reports whether anybody is woken through a push service. A demo speaks to nobody outside, and the policy can switch it off.
func (h *house) wakes() bool { return h.push != nil && !h.demo && h.conf.Policy.Push.Subscriptions > 0 }

// startPush wakes whoever subscribed.
func (s *serving) startPush(ctx context.Context) {
	h := s.h
	if !h.wakes() {
		return
	}
	s.pushes = push.NewSender(push.SenderOptions{Service: h.push, Hub: h.hub, States: seen{h, s.jmapFace()}, Turn: h.turnOf("push", push.TurnFor)})
	s.wg.Go(func() { s.pushes.Run(ctx) })
}

// pushFigures are those of messages to push services.
func (s *serving) pushFigures() {
	if s.pushes == nil {
		return
	}
	for _, o := range webpush.Outcomes() {
		obs.Counter(s.registry, "push_messages_total", "messages to push services, by what became of them", map[string]string{"outcome": o.String()},
			func() float64 { return float64(s.pushes.Count(o)) })
	}
	obs.Gauge(s.registry, "push_subscriptions", "push subscriptions that this process pushes to", nil, func() float64 { return float64(s.pushes.Watched()) })
}

// What a push subscription is made with: a session of the pages, or what a program signed in with.
const (
	bySession = "session"
	byProof   = "proof"
)

// sessionCredential names a session to push.
func sessionCredential(id int64) push.Credential {
	return push.Credential(bySession + " " + strconv.FormatInt(id, 10))
}

// proofCredential names what a program signed in with to push.
func proofCredential(p account.Proof) push.Credential {
	return push.Credential(byProof + " " + p.Text())
}

// endPushes ends the subscriptions of a session with the session.
func endPushes(tx *db.Tx, id int64) { push.EndIn(tx, sessionCredential(id)) }

// proofOf is the proof that a credential names; ok is false for a session.
func proofOf(c push.Credential) (p account.Proof, ok bool) {
	kind, text, _ := strings.Cut(string(c), " ")
	if kind != byProof {
		return p, false
	}
	return account.ParseProof(text)
}

// credentials answers push whether what somebody signed in with still holds.
type credentials struct{ h *house }

func (c credentials) Holds(ctx context.Context, of push.Holder) error {
	if p, ok := proofOf(of.Credential); ok && p.Person() == of.Person {
		return c.h.accounts.Holds(ctx, p)
	}
	text, ok := strings.CutPrefix(string(of.Credential), bySession+" ")
	id, err := strconv.ParseInt(text, 10, 64)
	if !ok || err != nil {
		return errs.E(errs.NotFound, "")
	}
	return c.h.sessions.Holds(ctx, id, of.Person)
}

// holderSession is the JMAP session that somebody signed in with a credential has.
func (h *house) holderSession(ctx context.Context, of push.Holder) (jmap.Session, error) {
	a, err := h.accounts.ByNo(ctx, of.Person)
	if err != nil {
		return jmap.Session{}, err
	}
	who := jmapSession(a)
	who.Credential = of.Credential
	p, ok := proofOf(of.Credential)
	if !ok {
		return who, nil
	}
	who.ByProgram = p.Face() == account.Program
	who.Only, err = h.accounts.Only(ctx, p)
	return who, err
}

// readable answers push what somebody may read with a credential: the own mailbox and shared ones; with an app password for a shared one that alone.
type readable struct{ h *house }

func (r readable) Accounts(ctx context.Context, of push.Holder) (all []haven.AccountNo, err error) {
	who, err := r.h.holderSession(ctx, of)
	if err != nil {
		return nil, err
	}
	accounts, err := jmapPeople(r).Accounts(ctx, &who)
	for _, a := range accounts {
		if a.Rights.Has(haven.Read) {
			all = append(all, a.No)
		}
	}
	return all, err
}

// seen answers push how what somebody sees stands, in JMAP's words.
type seen struct {
	h    *house
	face *jmap.Server
}

func (s seen) States(ctx context.Context, of push.Holder, accounts []haven.AccountNo) (push.States, error) {
	who, err := s.h.holderSession(ctx, of)
	if err != nil {
		return nil, err
	}
	return s.face.StatesOf(ctx, &who, accounts)
}

// pushNames is a resolver in the words of webpush.
type pushNames struct{ authn.Resolver }

func (n pushNames) LookupNetIP(ctx context.Context, _, host string) ([]netip.Addr, error) {
	found, err := n.LookupIPAddr(ctx, host)
	out := make([]netip.Addr, 0, len(found))
	for _, f := range found {
		out = append(out, addrOf(f))
	}
	return out, err
}

// addrOf keeps what an address is bound to, which makes it one that nothing is pushed to.
func addrOf(a net.IPAddr) netip.Addr {
	addr, _ := netip.AddrFromSlice(a.IP)
	if a.Zone != "" {
		return addr.WithZone(a.Zone)
	}
	return addr.Unmap()
}
