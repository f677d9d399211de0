package main

import (
	"context"
	"fmt"
	"time"

	"haven"
	"haven/people/account"
	"haven/people/leaver"
	"haven/people/organisation"
	"haven/platform/clock"
	"haven/platform/errs"
)

// The people of whom something is the matter. Each is reached by name in seeding, and shown with what is the matter in demo.json and on the terminal.
const (
	rosa = iota // has not activated the account
	vera        // has a password that expired yesterday
	theo        // is locked out
	sven        // left the only post 29 days ago
	uma         // is a self-employed locum: an organisation of her own
)

var demoAwkward = []struct {
	first, last, what string
	at                organisation.Code
}{
	rosa: {"Rosa", "Bianchi", "has not activated the account: username and temporary password are in the outbox", "FAQ06"},
	vera: {"Vera", "Quist", "has a password that expired yesterday", "FC221"},
	theo: {"Theo", "Marsh", "is locked out for half an hour, after too many wrong passwords", "FA231"},
	sven: {"Sven", "Aldred", "left the only post 29 days ago", "FAX17"},
	uma:  {"Uma", "Castell", "is a self-employed locum, who can be let in for a day", "LUMC1"},
}

// demoLocum is the organisation of a self-employed locum.
var demoLocum = organisation.Organisation{Kind: organisation.Locum, Code: "LUMC1", Name: "Uma Castell, locum pharmacist", Place: "Leeds"}

// demoPast is how long before its first run a demo's story begins: a password grows old meanwhile, and somebody leaves.
const demoPast = 91 * 24 * time.Hour

const leftFor = 29 * 24 * time.Hour

// past lives through what happened before a fresh demo begins, and comes to its present.
func (s *seeding) past(ctx context.Context) error {
	m, ok := s.h.clock.(*clock.Movable)
	if !ok || m.Ahead() >= 0 {
		return nil
	}
	if err := s.organisations(ctx); err != nil {
		return err
	}
	var err error
	if s.hash, err = s.h.accounts.HashPassword(ctx, demoPassword); err != nil {
		return err
	}
	if _, err = s.awkward(ctx, vera); err != nil {
		return err
	}
	m.Move(-m.Ahead() - leftFor)
	gone, err := s.awkward(ctx, sven)
	if err != nil {
		return err
	}
	at, err := s.h.organisations.ByCode(ctx, demoAwkward[sven].at)
	if err != nil {
		return err
	}
	if _, err := s.h.leavers.End(ctx, haven.Actor{Person: gone.ID, Program: "demo"}, gone.No, at.ID, leaver.Answer{}); err != nil {
		return err
	}
	m.Move(-m.Ahead())
	s.said = s.h.clock.Now()
	return nil
}

// present makes the others of whom something is the matter, and says so of each.
func (s *seeding) present(ctx context.Context) error {
	if err := s.invited(ctx); err != nil {
		return err
	}
	for who, p := range demoAwkward {
		acc, err := s.h.accounts.Resolve(ctx, s.awkwardAddress(who))
		if errs.Is(err, errs.NotFound) {
			if acc, err = s.awkward(ctx, who); err == nil && who == theo {
				err = s.lockedOut(ctx, acc)
			}
		}
		if err != nil {
			return err
		}
		if err := s.reachedAt(ctx, acc, len(demoCast)+who); err != nil {
			return err
		}
		password := demoPassword
		if who == rosa {
			password = ""
		}
		s.file.Awkward = append(s.file.Awkward, demoAwkwardPerson{demoPerson{acc.Address.String(), acc.Display, password, string(p.at), acc.State.String()}, p.what})
	}
	return nil
}

func (s *seeding) awkwardAddress(who int) haven.Address {
	p := demoAwkward[who]
	local, _ := account.PersonalLocal(p.first, p.last, 1, 64) // allowed: the names are plain
	return haven.Address{Local: local, Domain: demoDomain}
}

// awkward makes one of them, with a post.
func (s *seeding) awkward(ctx context.Context, who int) (account.Account, error) {
	p := demoAwkward[who]
	acc, err := s.person(ctx, p.first, p.last, s.awkwardAddress(who), s.hash)
	if err != nil {
		return acc, err
	}
	o, err := s.h.organisations.ByCode(ctx, p.at)
	if err != nil {
		return acc, err
	}
	return acc, s.h.organisations.AddPost(ctx, s.actor, organisation.Post{Person: acc.No, Organisation: o.ID, Role: "dispenser"})
}

// lockedOut types wrong passwords until the account is locked.
func (s *seeding) lockedOut(ctx context.Context, acc account.Account) error {
	for i := range s.h.conf.Policy.Lockout.LockAfter {
		_, err := s.h.accounts.Authenticate(ctx, account.Login{User: acc.Address.String(), Password: fmt.Sprint("guess ", i), Place: "198.51.100.7", Program: "demo", Face: account.Web})
		if err == nil || !errs.Is(err, errs.Private) {
			return fmt.Errorf("a guess was answered with %w", err)
		}
	}
	return nil
}
