package sending

import (
	"context"
	"errors"
)

// Stale takes what is due, has the time pass, and goes on with it.
func (s *Service) Stale(ctx context.Context, pass func()) error {
	all, err := s.take(ctx)
	if err != nil || len(all) == 0 {
		return errors.Join(err, errors.New("nothing was due"))
	}
	pass()
	for _, w := range all {
		if err := s.send(ctx, w); err != nil {
			return err
		}
	}
	return nil
}
