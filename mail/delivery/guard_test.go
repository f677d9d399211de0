package delivery

import (
	"testing"
	"time"

	"haven/platform/clock"
	"haven/platform/errs"
)

// A letter that can't be looked into in time is put off while its client still waits for the answer.
func TestTurn(t *testing.T) {
	t.Parallel()
	fake := clock.NewFake(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC))
	s := New(Options{Clock: fake})
	var last func()
	for range maxLooks {
		done, err := s.turn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		last = done
	}
	late := make(chan error)
	go func() {
		_, err := s.turn(t.Context())
		late <- err
	}()
	if err := fake.Await(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	fake.Advance(turnWait)
	if err := <-late; !errs.Is(err, errs.Transient) {
		t.Errorf("a letter that waits too long: %v", err)
	}
	last()
	if _, err := s.turn(t.Context()); err != nil {
		t.Errorf("a turn that is free again: %v", err)
	}
}
