package main

import (
	"context"

	"haven"
	"haven/platform/errs"
)

// Mail to postmaster is taken at every domain (RFC 5321 §4.5.1), from the first start on. While nobody has the address, an
// account of the service's own keeps the letters; it has another address, so that postmaster's can be given to a person.

// postmaster is the address that all domains' postmasters lead to.
func (h *house) postmaster() haven.Address {
	return haven.Address{Local: "postmaster", Domain: h.conf.Service.Domains[0]}
}

// keeper is the address of the account that keeps postmaster's letters.
func (h *house) keeper() haven.Address {
	return haven.Address{Local: "postmaster-letters", Domain: h.conf.Service.Domains[0]}
}

// startPostmaster makes sure that somebody has postmaster's letters, and warns while nobody reads them. A disk that is full
// keeps no service from starting.
func (s *serving) startPostmaster(ctx context.Context) error {
	h := s.h
	_, err := h.accounts.Resolve(ctx, h.postmaster())
	if err == nil || !errs.Is(err, errs.NotFound) {
		return err
	}
	err = h.makeKeeper(ctx)
	if errs.IsStorageFull(err) {
		h.log.Warn("the disk is full; mail to postmaster is refused until the next start", "error", err)
		return nil
	} else if err != nil {
		return err
	}
	keeper, err := h.accounts.Resolve(ctx, h.keeper())
	if err != nil {
		return err
	}
	if readers, err := h.accounts.AppPasswords(ctx, keeper.No); err != nil || len(readers) > 0 {
		return err
	}
	h.log.Warn("nobody reads what is written to postmaster; give the address to somebody: haven admin account alias PERSON "+h.postmaster().String(),
		"kept_in", keeper.Address.String())
	return nil
}

// makeKeeper makes the account unless it is there; another process may be first.
func (h *house) makeKeeper(ctx context.Context) error {
	_, err := h.accounts.Resolve(ctx, h.keeper())
	if !errs.Is(err, errs.NotFound) {
		return err
	}
	_, err = h.accounts.CreateApplication(ctx, haven.Actor{Program: "serve"}, "Letters to postmaster", h.keeper())
	if errs.Is(err, errs.Conflict) {
		return nil
	}
	return err
}
