package notify

import (
	"context"
	"time"

	"haven/platform/db"
)

// Figures are how the notices of one channel do.
type Figures struct {
	Waiting int64     // to be sent, or sent again
	Oldest  time.Time // since when the one waits that waits longest; zero: none does
	Lost    int64     // of the last day, that will not arrive: failed or lapsed
}

// lostWithin is for how long a notice that did not arrive counts in Figures.
const lostWithin = 24 * time.Hour

// Figures counts the notices of each channel.
func (s *Service) Figures(ctx context.Context) (all map[Channel]Figures, err error) {
	since := s.o.Clock.Now().Add(-lostWithin).UnixMicro()
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		all = map[Channel]Figures{}
		err := tx.Query(sqlWaiting, nil, func(r db.Row) error {
			all[Channel(r.Int64(0))] = Figures{Waiting: r.Int64(1), Oldest: time.UnixMicro(r.Int64(2)).UTC()}
			return nil
		})
		if err != nil {
			return err
		}
		return tx.Query(sqlLost, []any{since}, func(r db.Row) error {
			f := all[Channel(r.Int64(0))]
			f.Lost = r.Int64(1)
			all[Channel(r.Int64(0))] = f
			return nil
		})
	})
	return all, err
}

// Sends reports whether notices of a channel go anywhere; where there is no gateway they are kept, and nobody gets them.
func (s *Service) Sends(ch Channel) bool { return s.lanes[ch].gateway != nil }

// KeyRefused reports whether the gateway of a channel refused our key when this process asked last.
func (s *Service) KeyRefused(ch Channel) bool { return s.lanes[ch].rest.Load() != 0 }

// Late reports whether somebody waits for a notice of a channel for longer than policy.Notify.LateAfter, or one could not be sent at its first try. It is for
// whoever runs the service: on a page that anybody opens it would tell that something waits for an address that was just typed.
func (s *Service) Late(ctx context.Context, ch Channel) (late bool, err error) {
	before := s.o.Clock.Now().Add(-s.o.Policy.LateAfter).UnixMicro()
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		late = false
		return tx.Query(sqlLate, []any{int64(ch), before}, func(db.Row) error { late = true; return nil })
	})
	return late, err
}
