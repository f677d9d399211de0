package clock_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"haven/platform/clock"
)

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func TestFakeFiresInOrder(t *testing.T) {
	t.Parallel()
	f := clock.NewFake(start)
	late, soon, now := f.NewTimer(3*time.Hour), f.NewTimer(time.Hour), f.NewTimer(0)
	if got := <-now.C(); !got.Equal(start) {
		t.Errorf("a timer of nothing fired at %v", got)
	}
	f.Advance(time.Hour - 1)
	select {
	case <-soon.C():
		t.Error("fired a nanosecond early")
	default:
	}
	f.Advance(5 * time.Hour)
	if got := <-soon.C(); !got.Equal(start.Add(time.Hour)) {
		t.Errorf("the first fired at %v", got)
	}
	if got := <-late.C(); !got.Equal(start.Add(3 * time.Hour)) {
		t.Errorf("the second fired at %v", got)
	}
	if got := f.Now(); !got.Equal(start.Add(6*time.Hour - 1)) {
		t.Errorf("the clock stands at %v", got)
	}
}

func TestFakeTimerStopAndReset(t *testing.T) {
	t.Parallel()
	f := clock.NewFake(start)
	timer := f.NewTimer(time.Minute)
	if !timer.Stop() || timer.Stop() {
		t.Error("Stop must tell whether the timer was still to fire")
	}
	if timer.Reset(time.Minute) {
		t.Error("Reset of a stopped timer said that it was to fire")
	}
	f.Advance(time.Hour)
	if timer.Reset(time.Minute) {
		t.Error("Reset of a timer that fired said that it was to fire")
	}
	select {
	case <-timer.C():
		t.Error("the old time was left in the channel")
	default:
	}
	f.Set(start) // backwards
	f.Advance(time.Hour)
	select {
	case <-timer.C():
		t.Error("fired before its time")
	default:
	}
	f.Advance(time.Minute)
	<-timer.C()
}

func TestSleep(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]clock.Clock{"fake": clock.NewFake(start), "real": clock.Real{}} {
		ctx, cancel := context.WithCancel(context.Background())
		if err := c.Sleep(ctx, -1); err != nil {
			t.Errorf("%s: sleeping no time: %v", name, err)
		}
		time.AfterFunc(time.Millisecond, cancel)
		if err := c.Sleep(ctx, time.Hour); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want the error of the context", name, err)
		}
		if err := c.Sleep(ctx, time.Nanosecond); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want the error of the context", name, err)
		}
	}
	if err := (clock.Real{}).Sleep(context.Background(), time.Nanosecond); err != nil {
		t.Error(err)
	}
}

func TestAwaitLetsATestMeetItsGoroutines(t *testing.T) {
	t.Parallel()
	f := clock.NewFake(start)
	ctx := context.Background()
	woke := make(chan error, 3)
	for i := range 3 {
		go func() { woke <- f.Sleep(ctx, time.Duration(i+1)*time.Hour) }()
	}
	if err := f.Await(ctx, 3); err != nil {
		t.Fatal(err)
	}
	f.Advance(3 * time.Hour)
	for range 3 {
		if err := <-woke; err != nil {
			t.Error(err)
		}
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if err := f.Await(ended, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want the error of the context", err)
	}
}
