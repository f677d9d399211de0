package sending

import (
	"cmp"
	"context"
	"net/netip"
	"slices"

	"haven"
	"haven/mail/delivery"
	"haven/mail/mailbox"
	"haven/platform/db"
	"haven/platform/errs"
)

// Rules by which nobody can say what changed.
const RuleStateLost = "sending.state-lost"

var errStateLost = &errs.Error{Kind: errs.Invalid, Rule: RuleStateLost, Say: "What changed since then is not remembered any more. Read all anew."}

// clientOf is how a letter came to delivery: over HTTP, from where the audit log alone says.
func clientOf(place string) delivery.Client {
	c := delivery.Client{Hello: "jmap", Protocol: "HTTP"}
	if addr, err := netip.ParseAddr(place); err == nil {
		c.Addr = addr
	}
	return c
}

func countInto(n *int) func(db.Row) error {
	return func(r db.Row) error { *n = int(r.Int64(0)); return nil }
}

func seqInto(seq *haven.Seq) func(db.Row) error {
	return func(r db.Row) error { *seq = max(*seq, haven.Seq(r.Int64(0))); return nil }
}

// may asks whether a viewer may read an account, and gives the epoch of its numbers.
func (s *Service) may(ctx context.Context, v mailbox.Viewer) (epoch uint32, err error) {
	st, err := s.o.Mail.States(ctx, v)
	return st.Epoch, err
}

// State is how far an account's submissions had come.
func (s *Service) State(ctx context.Context, v mailbox.Viewer) (st mailbox.State, err error) {
	if st.Epoch, err = s.may(ctx, v); err != nil {
		return st, err
	}
	st.Seq, err = s.stateOf(ctx, v.Account, 0)
	return st, err
}

// IdentityState is how far a person's identities in a mailbox had come when somebody asked for them or changed one last.
func (s *Service) IdentityState(ctx context.Context, v mailbox.Viewer) (st mailbox.State, err error) {
	if st.Epoch, err = s.may(ctx, v); err != nil {
		return st, err
	}
	st.Seq, err = s.stateOf(ctx, v.Account, v.Person)
	return st, err
}

func (s *Service) stateOf(ctx context.Context, account, person haven.AccountNo) (seq haven.Seq, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		seq, err = stateIn(tx, account, person)
		return err
	})
	return seq, err
}

// Hold stands as long as the submissions of an account are in a state, or a person's identities in it; person 0: the submissions.
func Hold(account, person haven.AccountNo, at mailbox.State) *mailbox.Held {
	return mailbox.Hold(func(tx *db.Tx, st mailbox.States) (bool, error) {
		seq, err := stateIn(tx, account, person)
		return mailbox.State{Seq: seq, Epoch: st.Epoch} == at, err
	})
}

// stateIn is the newest number of the submissions of an account, or of a person's identities in it.
func stateIn(tx *db.Tx, account, person haven.AccountNo) (seq haven.Seq, err error) {
	sql, args := sqlState, []any{int64(account)}
	if person != 0 {
		sql, args = sqlIdentityState, []any{int64(account), int64(person)}
	}
	both := []any{int64(account), int64(person)}
	for _, q := range []struct {
		sql  string
		args []any
	}{{sql, args}, {sqlGoneState, both}, {sqlHorizon, both}} {
		if err := tx.Query(q.sql, q.args, seqInto(&seq)); err != nil {
			return 0, err
		}
	}
	return seq, nil
}

// List is all submissions of an account without what is sealed, in the order in which they were made, and their state.
func (s *Service) List(ctx context.Context, v mailbox.Viewer) (all []Brief, st mailbox.State, err error) {
	if st.Epoch, err = s.may(ctx, v); err != nil {
		return nil, st, err
	}
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		all = all[:0]
		if st.Seq, err = stateIn(tx, v.Account, 0); err != nil {
			return err
		}
		return tx.Query(sqlBriefs, []any{int64(v.Account)}, func(r db.Row) error {
			all = append(all, scanBrief(r))
			return nil
		})
	})
	slices.SortFunc(all, func(a, b Brief) int { return cmp.Or(cmp.Compare(a.Created, b.Created), cmp.Compare(a.ID, b.ID)) })
	return all, st, err
}

// Get reads submissions; one that is not there is left out.
func (s *Service) Get(ctx context.Context, v mailbox.Viewer, ids []ID) (out []Submission, err error) {
	if _, err := s.may(ctx, v); err != nil {
		return nil, err
	}
	keys, err := s.keys(ctx, v.Account)
	if err != nil {
		return nil, err
	}
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		out = out[:0]
		err := tx.QueryEach(sqlGet, len(ids), func(i int) []any { return []any{int64(v.Account), int64(ids[i])} }, func(_ int, r db.Row) error {
			sub := Submission{Brief: scanBrief(r), Scheduled: r.Int64(9)&flagScheduled != 0}
			var what said
			if err := unseal(keys, submissionName(v.Account, sub.ID), r.Bytes(8), &what); err != nil {
				return err
			}
			sub.Envelope, sub.Status = what.Envelope, what.Status
			out = append(out, sub)
			return nil
		})
		if err != nil {
			return err
		}
		return reports(tx, v.Account, out)
	})
	if err == nil {
		err = s.inSight(ctx, v, out)
	}
	return out, err
}

// Changes are what happened to the submissions of an account, or to a person's identities in it.
type Changes struct {
	Until                       mailbox.State
	More                        bool
	Created, Updated, Destroyed []ID
}

// Since is what happened to an account's submissions after a state, at most so many ids (0: all). It is Invalid (RuleStateLost) where that is not known.
func (s *Service) Since(ctx context.Context, v mailbox.Viewer, from mailbox.State, most int) (ch Changes, err error) {
	epoch, err := s.may(ctx, v)
	if err != nil {
		return ch, err
	}
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		ch, err = since(tx, v.Account, 0, epoch, from, most)
		return err
	})
	return ch, err
}

// event is where something came or changed in the sequence.
type event struct {
	id  ID
	at  haven.Seq
	how int // 0 created, 1 changed, 2 gone
}

func since(tx *db.Tx, account, person haven.AccountNo, epoch uint32, from mailbox.State, most int) (ch Changes, err error) {
	now, horizon := haven.Seq(0), haven.Seq(0)
	if now, err = stateIn(tx, account, person); err != nil {
		return ch, err
	}
	if err := tx.Query(sqlHorizon, []any{int64(account), int64(person)}, seqInto(&horizon)); err != nil {
		return ch, err
	}
	if from.Epoch != epoch || from.Seq < horizon || from.Seq > now {
		return ch, errStateLost
	}
	all, err := events(tx, account, person, from.Seq)
	if err != nil {
		return ch, err
	}
	ch.Until = mailbox.State{Seq: now, Epoch: epoch}
	if most > 0 && len(all) > most {
		if all, ch.More = cutAt(all, most), true; len(all) == 0 {
			return Changes{}, errStateLost
		}
		ch.Until.Seq = all[len(all)-1].at
	}
	for _, e := range all {
		list := [...]*[]ID{&ch.Created, &ch.Updated, &ch.Destroyed}[e.how]
		*list = append(*list, e.id)
	}
	return ch, nil
}

// cutAt leaves the first of the events, at most so many, and never some of one number.
func cutAt(all []event, most int) []event {
	for most > 0 && all[most-1].at == all[most].at {
		most--
	}
	return all[:most]
}

// events are what happened after a number, in order. What was created is told where it was created: what changed in it since is told then, or with what follows.
func events(tx *db.Tx, account, person haven.AccountNo, after haven.Seq) (all []event, err error) {
	add := func(gone bool) func(db.Row) error {
		return func(r db.Row) error {
			id, created, changed := ID(r.Int64(0)), haven.Seq(r.Int64(1)), haven.Seq(r.Int64(2))
			switch {
			case gone && created <= after:
				all = append(all, event{id, changed, 2})
			case gone: // it came and went
			case created > after:
				all = append(all, event{id, created, 0})
			default:
				all = append(all, event{id, changed, 1})
			}
			return nil
		}
	}
	sql, args := sqlSince, []any{int64(account), int64(after)}
	if person != 0 {
		sql, args = sqlIdentitySince, []any{int64(account), int64(person), int64(after)}
	}
	if err = tx.Query(sql, args, add(false)); err != nil {
		return nil, err
	}
	err = tx.Query(sqlGoneSince, []any{int64(account), int64(person), int64(after)}, add(true))
	slices.SortFunc(all, func(a, b event) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.id, b.id)) })
	return all, err
}
