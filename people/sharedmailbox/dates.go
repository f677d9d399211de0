package sharedmailbox

import (
	"context"
	"sync"
	"time"

	"haven"
	"haven/platform/db"
)

// Dates tells those who look at a mailbox of memberships that began or ended by their dates alone, when nobody did
// anything that would have been announced: a locum's shift is over while the locum's program idles. It is safe for many
// goroutines.
type Dates struct {
	s    *Service
	mu   sync.Mutex
	last time.Time // up to which every date was told
}

// Dates begins to watch from now on.
func (s *Service) Dates() *Dates { return &Dates{s: s, last: s.o.Clock.Now()} }

// Tell announces each mailbox and person whose membership began or ended since the last call that returned nil. Each
// process tells its own sessions; how often it is called is how late they hear.
func (d *Dates) Tell(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.s.o.Clock.Now()
	var turned []haven.AccountNo
	err := d.s.o.DB.Read(ctx, func(tx *db.Tx) error {
		turned = turned[:0]
		return tx.Query(sqlTurned, []any{d.last.UnixMicro(), now.UnixMicro()}, func(r db.Row) error {
			turned = append(turned, haven.AccountNo(r.Int64(0)), haven.AccountNo(r.Int64(1)))
			return nil
		})
	})
	if err != nil {
		return err
	}
	d.last = now
	if len(turned) > 0 {
		d.s.announce(turned...)
	}
	return nil
}
