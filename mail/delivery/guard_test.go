package delivery

import (
	"context"
	"testing"
	"time"

	"haven/mail/mime"
	"haven/platform/clock"
	"haven/platform/errs"
)

// A letter that can't be looked into in time, or can't get its footer, is put off while its client still waits for the answer, and told why. Neither waits for the other
// but where a text is large.
func TestTurn(t *testing.T) {
	t.Parallel()
	text := func(octets int64) *mime.Message {
		return &mime.Message{Root: &mime.Part{Type: "text", Subtype: "plain", End: octets}}
	}
	look := func(ctx context.Context, s *Service) (func(), error) { return s.turn(ctx) }
	end := func(ctx context.Context, s *Service) (func(), error) { return s.endTurn(ctx, text(largeText)) }
	long := func(ctx context.Context, s *Service) (func(), error) { return s.endTurn(ctx, text(largeText+1)) }
	for _, c := range []struct {
		name, says string
		most       int
		held, free func(context.Context, *Service) (func(), error)
	}{
		{"a look", "Too many letters with files at once. Try again later.", maxLooks, look, end},
		{"a footer", "Too many letters are sent at once. Try again later.", maxEnds, end, look},
		{"a footer of a large text", "Too many letters are sent at once. Try again later.", maxLooks, long, end},
	} {
		fake := clock.NewFake(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC))
		s := New(Options{Clock: fake})
		var last func()
		for range c.most {
			done, err := c.held(t.Context(), s)
			if err != nil {
				t.Fatal(c.name, err)
			}
			last = done
		}
		late := make(chan error)
		go func() {
			_, err := c.held(t.Context(), s)
			late <- err
		}()
		if err := fake.Await(t.Context(), 1); err != nil {
			t.Fatal(c.name, err)
		}
		done, err := c.free(t.Context(), s)
		if err != nil {
			t.Fatal(c.name, err)
		}
		done()
		fake.Advance(turnWait)
		if err := <-late; !errs.Is(err, errs.Transient) || errs.Say(err) != c.says {
			t.Errorf("%s that waits too long: %v", c.name, err)
		}
		last()
		if _, err := c.held(t.Context(), s); err != nil {
			t.Errorf("%s that is free again: %v", c.name, err)
		}
	}
}
