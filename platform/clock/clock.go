// Package clock hands time in: the real one for the service, and one that a test moves by hand, so that a
// scenario lives through ninety days in a second.
package clock

import (
	"context"
	"time"
)

// Clock is the time, and ways to wait for it. It is safe for many goroutines.
type Clock interface {
	// Now is the present time.
	Now() time.Time

	// NewTimer gives a timer that fires once after d; at once if d is not positive.
	NewTimer(d time.Duration) Timer

	// After is the channel of a timer that nobody needs to stop.
	After(d time.Duration) <-chan time.Time

	// Sleep waits for d, or until ctx ends, whose error it returns then.
	Sleep(ctx context.Context, d time.Duration) error
}

// Timer fires once. As with time.Timer, nothing is left in C after Stop or Reset.
type Timer interface {
	C() <-chan time.Time
	Stop() bool                 // reports whether it was still to fire
	Reset(d time.Duration) bool // the same, and makes it fire after d
}

// Real is the machine's clock.
type Real struct{}

// Now is time.Now.
func (Real) Now() time.Time { return time.Now() }

// NewTimer is time.NewTimer.
func (Real) NewTimer(d time.Duration) Timer { return realTimer{time.NewTimer(d)} }

// After is time.After.
func (Real) After(d time.Duration) <-chan time.Time { return time.After(d) }

// Sleep waits on a timer and on ctx.
func (r Real) Sleep(ctx context.Context, d time.Duration) error { return sleep(ctx, r, d) }

type realTimer struct{ *time.Timer }

func (t realTimer) C() <-chan time.Time { return t.Timer.C }

func sleep(ctx context.Context, c Clock, d time.Duration) error {
	if err := ctx.Err(); err != nil || d <= 0 {
		return err
	}
	t := c.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
