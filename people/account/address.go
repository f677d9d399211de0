package account

import (
	"context"
	"fmt"

	"haven"
	"haven/platform/audit"
	"haven/platform/db"
	"haven/platform/errs"
)

// freeAddress is the address of the next namesake (Rules 2). Numbers that were ever given out are not given again.
func (s *Service) freeAddress(tx *db.Tx, first, last, domain string) (haven.Address, error) {
	p := s.o.Policy.Address
	base, _ := PersonalLocal(first, last, 1, p.LocalOctets)
	room := min(len(base), p.LocalOctets-len(fmt.Sprint(p.Namesakes))) // a long name loses its end to the number
	taken := make(map[string]bool)
	err := tx.Query(sqlAddressRange, []any{base[:room], base[:room] + "\x7f"}, func(r db.Row) error {
		taken[r.Text(0)] = true
		return nil
	})
	if err != nil {
		return haven.Address{}, err
	}
	addr := func(n int) haven.Address {
		local, _ := PersonalLocal(first, last, n, p.LocalOctets)
		return haven.Address{Local: local, Domain: domain}
	}
	n := NextNamesake(p.Namesakes, func(n int) bool { return taken[addr(n).Key()] })
	if n == 0 {
		return haven.Address{}, &errs.Error{Kind: errs.TooMany, Rule: "address.namesakes", Say: "There are too many people of this name. Give another spelling for the address."}
	}
	return addr(n), nil
}

// AddAlias gives an account another address. An address that it had before is its own still; one that is or was
// somebody else's is Conflict (address.taken). It may be called again without effect.
func (s *Service) AddAlias(ctx context.Context, actor haven.Actor, no haven.AccountNo, addr haven.Address) error {
	if err := s.checkVerdictDomain(haven.Allow("address.alias"), addr.Domain); err != nil {
		return err
	}
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.LockNames(tx); err != nil {
			return err
		}
		return s.AddAliasIn(tx, actor, no, addr)
	})
}

// AddAliasIn is AddAlias in the caller's transaction, which has locked the names.
func (s *Service) AddAliasIn(tx *db.Tx, actor haven.Actor, no haven.AccountNo, addr haven.Address) error {
	a, err := ByNoIn(tx, no)
	if err != nil || a.Address.Key() == addr.Key() {
		return err
	}
	var count int64
	if err := tx.Query(sqlAliasCount, []any{int64(no)}, func(r db.Row) error { count = r.Int64(0); return nil }); err != nil {
		return err
	}
	if most := s.o.Policy.Address.AliasesPer; count >= int64(most) {
		return &errs.Error{Kind: errs.TooMany, Rule: "address.aliases", Say: fmt.Sprintf("An account has at most %d aliases.", most)}
	}
	if err := s.putAddress(tx, no, addr, roleAlias); err != nil {
		return err
	}
	audit.Record(tx, audit.Entry{At: s.Now(), Actor: actor, What: "account.alias-added", On: a.ID, Rule: "address.alias"})
	return nil
}

// putAddress writes an address row unless the address is or was another account's.
func (s *Service) putAddress(tx *db.Tx, no haven.AccountNo, addr haven.Address, role int) error {
	owner := haven.AccountNo(0)
	if err := tx.Query(sqlAddressOwner, []any{addr.Key()}, func(r db.Row) error { owner = haven.AccountNo(r.Int64(0)); return nil }); err != nil {
		return err
	}
	if owner != 0 && owner != no {
		return &errs.Error{Kind: errs.Conflict, Rule: "address.taken", Say: "This address is not free. Addresses are never given to somebody else."}
	}
	tx.Exec(sqlPutAddress, addr.Key(), int64(no), int64(role), addr.Local, addr.Domain, s.Now().UnixMicro())
	return nil
}

// EndAlias stops an alias from leading anywhere. It stays the account's and is given to nobody else.
func (s *Service) EndAlias(ctx context.Context, actor haven.Actor, no haven.AccountNo, addr haven.Address) error {
	now := s.Now()
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		n, err := tx.Change(sqlEndAddress, addr.Key(), int64(no), now.UnixMicro())
		if err != nil {
			return err
		}
		if n == 0 {
			return errs.E(errs.NotFound, "The account has no such alias.")
		}
		a, err := ByNoIn(tx, no)
		if err == nil {
			audit.Record(tx, audit.Entry{At: now, Actor: actor, What: "account.alias-ended", On: a.ID, Rule: "address.alias"})
		}
		return err
	})
}

// Addresses lists the addresses that lead to an account, the primary first. Those of former names come only
// where former is true: for the person, the audit and the desk.
func (s *Service) Addresses(ctx context.Context, no haven.AccountNo, former bool) (all []haven.Address, err error) {
	now := s.Now().UnixMicro()
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		all = nil
		return tx.Query(sqlAddresses, []any{int64(no)}, func(r db.Row) error {
			role, until := r.Int64(2), r.Int64(3)
			if (until == 0 || until > now) && (role != roleFormer || former) {
				all = append(all, haven.Address{Local: r.Text(0), Domain: r.Text(1)})
			}
			return nil
		})
	})
	return all, err
}
