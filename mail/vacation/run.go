package vacation

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"haven"
	"haven/platform/db"
	"haven/platform/errs"
)

const (
	lookEvery = 30 * time.Second // for what another process left
	leaseFor  = 2 * time.Minute  // how long whoever took an answer has to send it
	stepRows  = 50
	mostTries = 10
)

// Run writes the answers that are owed until ctx ends.
func (s *Service) Run(ctx context.Context, sender Sender) {
	for {
		if err := s.Step(ctx, sender); err != nil && ctx.Err() == nil {
			s.o.Logger.Error("vacation: automatic replies wait", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		case <-s.o.Clock.After(lookEvery):
		}
	}
}

// due is an answer that is owed.
type due struct {
	id, tries int64
	account   haven.AccountNo
	sealed    []byte
}

// Step writes what is owed now. One that fails is tried again later, and holds up no other.
func (s *Service) Step(ctx context.Context, sender Sender) error {
	for {
		all, err := s.due(ctx)
		if err != nil || len(all) == 0 {
			return err
		}
		for _, d := range all {
			if err := s.one(ctx, sender, d); err != nil {
				if ctx.Err() != nil {
					return err
				}
				s.o.Logger.Warn("vacation: an automatic reply is tried again", "tries", d.tries+1, "err", err)
			}
		}
	}
}

// due takes some of what is owed now, for leaseFor: no other process does them meanwhile.
func (s *Service) due(ctx context.Context) (taken []due, err error) {
	now := s.o.Clock.Now()
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
		taken = nil
		var all []due
		err := tx.Query(sqlDue, []any{now.UnixMicro(), int64(stepRows)}, func(r db.Row) error {
			all = append(all, due{r.Int64(0), r.Int64(2), haven.AccountNo(r.Int64(1)), append([]byte(nil), r.Bytes(3)...)})
			return nil
		})
		if err != nil {
			return err
		}
		for _, d := range all {
			n, err := tx.Change(sqlTake, d.id, d.tries, now.Add(leaseFor).UnixMicro())
			if err != nil {
				return err
			}
			if n == 1 {
				taken = append(taken, d)
			}
		}
		return nil
	})
	return taken, err
}

// errSettled says that an answer was written meanwhile, or has been told before: nothing is sent.
var errSettled = errors.New("vacation: settled")

// one writes an answer, or strikes it off where none is given.
func (s *Service) one(ctx context.Context, sender Sender, d due) error {
	a, told, why, err := s.answer(ctx, d)
	if err != nil && d.tries+1 < mostTries {
		return err
	}
	if err == nil && why == "" {
		err = sender.Answer(ctx, a, func(tx *db.Tx) error { return s.settle(tx, d, a.To, told) })
		switch {
		case err == nil:
			s.o.Logger.Info("vacation: answered")
			return nil
		case errors.Is(err, errSettled):
			why = "vacation.told"
		case errs.Is(err, errs.NotFound):
			why = "vacation.gone"
		case d.tries+1 < mostTries:
			return err
		}
	}
	s.o.Logger.Info("vacation: not answered", "rule", why, "err", err)
	return s.o.DB.Write(ctx, func(tx *db.Tx) error { tx.Exec(sqlSettle, d.id); return nil })
}

// memory is under which version whom an answer was told is remembered, and after which time it is told again; 0: never.
type memory struct {
	ver   int64
	every time.Duration
}

// settle notes in the commit of an answer that it is given: once to each sender for each reply, or once in the time that a filter says.
func (s *Service) settle(tx *db.Tx, d due, to haven.Address, told memory) error {
	now, again := s.o.Clock.Now(), int64(-1)
	if told.every > 0 {
		again = now.Add(-told.every).UnixMicro()
	}
	if s.o.Policy.ToldFor > 0 {
		tx.Exec(sqlLapse, int64(d.account), now.Add(-s.o.Policy.ToldFor).UnixMicro())
	}
	n, err := tx.Change(sqlTell, int64(d.account), told.ver, senderHash(d.account, to), now.UnixMicro(), again)
	if err == nil && n == 1 {
		n, err = tx.Change(sqlSettle, d.id)
	}
	if err == nil && n == 0 {
		err = errSettled
	}
	return err
}

// answer is what is sent for what is owed; a rule where nothing is.
func (s *Service) answer(ctx context.Context, d due) (a Answer, told memory, why haven.Rule, err error) {
	var what owed
	plain, err := s.o.Sealer.Open(nil, d.sealed, owedName(d.id))
	if err == nil {
		err = json.Unmarshal(plain, &what)
	}
	if err != nil {
		return a, told, "", err
	}
	r, lately, sealed, err := s.standing(ctx, d.account)
	stands := r.Stands(s.o.Clock.Now())
	switch told.ver = r.Version; {
	case err != nil:
		return a, told, "", err
	case stands == (what.Script != nil): // a page's reply that ended, or one that began and is alone now
		return a, told, "vacation.off", nil
	case lately >= s.o.Policy.PerHour:
		return a, told, "vacation.rate", nil
	case what.Script != nil:
		told = memory{what.Script.version(), what.Script.Every}
		r = Reply{On: true, Subject: what.Script.Subject, Inside: what.Script.Text, Outside: what.Script.Text}
	default:
		if r, err = s.open(ctx, d.account, r, sealed); err != nil {
			return a, told, "", err
		}
	}
	a = Answer{ID: answerID(d.id), Subject: r.subject(what.Subject), Text: r.Text(what.Inside), InReplyTo: what.MessageID}
	if a.Text == "" {
		return a, told, "vacation.outside", nil
	}
	if a.To, err = haven.ParseAddress(what.To); err != nil {
		return a, told, "", err
	}
	a.By, err = s.o.Accounts.Answering(ctx, d.account)
	if errs.Is(err, errs.NotFound) || errs.Is(err, errs.Denied) {
		return a, told, "vacation.closed", nil
	}
	if err == nil && a.By.Address.Key() == a.To.Key() {
		return a, told, "vacation.self", nil
	}
	return a, told, "", err
}

// standing is an account's reply as it is now, and how many it has told within the hour.
func (s *Service) standing(ctx context.Context, account haven.AccountNo) (r Reply, lately int, sealed []byte, err error) {
	hourAgo := s.o.Clock.Now().Add(-time.Hour).UnixMicro()
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		if r, sealed, err = get(tx, account); err != nil {
			return err
		}
		return tx.Query(sqlSince, []any{int64(account), hourAgo}, func(row db.Row) error { lately = int(row.Int64(0)); return nil })
	})
	return r, lately, sealed, err
}
