package clock_test

import (
	"context"
	"testing"
	"time"

	"haven/platform/clock"
)

func TestMovable(t *testing.T) {
	t.Parallel()
	m := &clock.Movable{}
	if d := time.Since(m.Now()); d < -time.Minute || d > time.Minute {
		t.Errorf("it begins %v off", d)
	}
	late, soon, never := m.NewTimer(10_000*time.Hour), m.NewTimer(time.Hour), m.NewTimer(24*time.Hour)
	real := m.NewTimer(time.Millisecond)
	<-real.C() // also by itself
	<-m.After(0)
	slept := make(chan error)
	go func() { slept <- m.Sleep(context.Background(), 2*time.Hour) }()
	if !never.Stop() || never.Stop() {
		t.Error("Stop must tell whether the timer was still to fire")
	}
	m.Move(-time.Hour)
	if m.Ahead() != 0 {
		t.Error("moved back")
	}
	before := m.Now()
	m.Move(48 * time.Hour)
	if d := m.Now().Sub(before); d < 48*time.Hour || d > 49*time.Hour {
		t.Errorf("moved on by %v", d)
	}
	if at := <-soon.C(); at.Before(before.Add(time.Hour)) {
		t.Errorf("fired at %v", at)
	}
	for waits := true; waits; { // until the sleeper has begun
		select {
		case err := <-slept:
			if err != nil {
				t.Error(err)
			}
			waits = false
		case <-time.After(time.Millisecond):
			m.Move(2 * time.Minute)
		}
	}
	for name, timer := range map[string]clock.Timer{"late": late, "never": never} {
		select {
		case <-timer.C():
			t.Errorf("%s fired", name)
		default:
		}
	}
	if !late.Reset(time.Hour) || soon.Reset(time.Hour) {
		t.Error("Reset must tell whether the timer was still to fire")
	}
	m.Move(time.Hour)
	<-late.C()
	<-soon.C()
	if late.Stop() {
		t.Error("a timer that fired was still to fire")
	}
}
