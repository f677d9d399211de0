package job_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"haven/platform/clock"
	"haven/platform/db"
	"haven/platform/db/dbtest"
	"haven/platform/job"
)

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// runner gives a runner on a clock that stands at start, stopped when the test ends.
func runner(t *testing.T, c *clock.Fake, leases *job.Leases) *job.Runner {
	t.Helper()
	r := job.NewRunner(job.Options{Clock: c, Leases: leases})
	t.Cleanup(r.Stop)
	return r
}

// advance waits until the jobs wait for the clock, and moves it; and waits again until what ran has ended.
func advance(t *testing.T, c *clock.Fake, d time.Duration, jobs int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := c.Await(ctx, jobs); err != nil {
		t.Fatal(err)
	}
	c.Advance(d)
	if err := c.Await(ctx, jobs); err != nil {
		t.Fatal(err)
	}
}

func begin(t *testing.T, r *job.Runner, j job.Job) {
	t.Helper()
	if err := r.Start(j); err != nil {
		t.Fatal(err)
	}
}

func TestRunsAgainAndAgain(t *testing.T) {
	t.Parallel()
	c := clock.NewFake(start)
	r := runner(t, c, nil)
	var runs atomic.Int64
	begin(t, r, job.Job{Name: "purge", Every: time.Hour, Run: func(context.Context) error { runs.Add(1); return nil }})
	advance(t, c, 29*time.Second, 1)
	if n := runs.Load(); n != 0 {
		t.Errorf("ran %d times before its time", n)
	}
	advance(t, c, time.Second, 1) // half a minute: no random part in this test
	for range 4 {
		advance(t, c, time.Hour, 1)
	}
	if n := runs.Load(); n != 5 {
		t.Errorf("ran %d times, want 5", n)
	}
	s := r.Status()
	if len(s) != 1 || s[0].Runs != 5 || s[0].Failed != 0 || !s[0].Last.Equal(start.Add(4*time.Hour+30*time.Second)) {
		t.Errorf("status %+v", s)
	}
}

func TestErrorsAndPanicsEndNoJob(t *testing.T) {
	t.Parallel()
	c := clock.NewFake(start)
	r := runner(t, c, nil)
	run := 0
	begin(t, r, job.Job{Name: "sweep", Every: time.Minute, Run: func(context.Context) error {
		run++
		switch run {
		case 1:
			return errors.New("the disk is gone")
		case 2:
			panic("a fault of ours")
		}
		return nil
	}})
	for range 3 {
		advance(t, c, time.Minute, 1)
	}
	if s := r.Status()[0]; s.Runs != 3 || s.Failed != 2 || s.Panics != 1 || s.LastErr != nil {
		t.Errorf("status %+v", s)
	}
}

func TestWake(t *testing.T) {
	t.Parallel()
	r := runner(t, clock.NewFake(start), nil)
	ran := make(chan struct{})
	begin(t, r, job.Job{Name: "outbox", Every: time.Hour, Run: func(context.Context) error { ran <- struct{}{}; return nil }})
	r.Wake("outbox")
	<-ran
	r.Wake("nobody")
	r.Wake("outbox")
	<-ran
}

func TestStopWaits(t *testing.T) {
	t.Parallel()
	r := runner(t, clock.NewFake(start), nil)
	inside := make(chan struct{})
	ended := false
	begin(t, r, job.Job{Name: "index", Every: time.Hour, Run: func(ctx context.Context) error {
		close(inside)
		<-ctx.Done()
		ended = true
		return ctx.Err()
	}})
	r.Wake("index")
	<-inside
	r.Stop()
	if !ended {
		t.Error("Stop returned while the job ran")
	}
	r.Stop()
	if r.Start(job.Job{Name: "late", Every: time.Hour, Run: func(context.Context) error { return nil }}) == nil {
		t.Error("a job was started after Stop")
	}
}

func TestALimitEndsARun(t *testing.T) {
	t.Parallel()
	r := runner(t, clock.NewFake(start), nil)
	ended := make(chan error, 1)
	begin(t, r, job.Job{Name: "stuck", Every: time.Hour, Limit: time.Millisecond, Run: func(ctx context.Context) error {
		<-ctx.Done()
		ended <- ctx.Err()
		return ctx.Err()
	}})
	r.Wake("stuck")
	if err := <-ended; !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("it ended with %v", err)
	}
}

func TestWhatCannotBeStarted(t *testing.T) {
	t.Parallel()
	r := runner(t, clock.NewFake(start), nil)
	nothing := func(context.Context) error { return nil }
	begin(t, r, job.Job{Name: "one", Every: time.Hour, Run: nothing})
	for name, j := range map[string]job.Job{
		"no name":   {Every: time.Hour, Run: nothing},
		"no period": {Name: "a", Run: nothing},
		"no run":    {Name: "a", Every: time.Hour},
		"twice":     {Name: "one", Every: time.Hour, Run: nothing},
	} {
		if r.Start(j) == nil {
			t.Errorf("%s: it was started", name)
		}
	}
}

func TestTurn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := clock.NewFake(start)
		one, two := job.NewLeases(d, c, "one").Turn("index", time.Minute), job.NewLeases(d, c, "two").Turn("index", time.Minute)
		want := func(turn func(context.Context) (bool, error), want bool, why string) {
			t.Helper()
			if got, err := turn(context.Background()); err != nil || got != want {
				t.Errorf("%s: %t, %v", why, got, err)
			}
		}
		want(one, true, "free")
		want(two, false, "held by one")
		for range 4 { // a holder that goes on keeps it
			c.Advance(25 * time.Second)
			want(one, true, "goes on")
			want(two, false, "held by one for longer")
		}
		c.Advance(time.Minute)
		want(two, true, "one stood still")
		want(one, false, "lost to two")
		var loops sync.WaitGroup
		for range 4 {
			loops.Go(func() { want(two, true, "several loops of the process that has it") })
		}
		loops.Wait()
	}, job.Schema)
}

// slow is a clock by which time passes between any two looks at it, as it does for whoever waits for a database.
type slow struct{ *clock.Fake }

func (c slow) Now() time.Time {
	c.Advance(20 * time.Second)
	return c.Fake.Now()
}

// A turn is counted from before the lease was asked for, since its end is.
func TestATurnEndsBeforeItsLease(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		turn := job.NewLeases(d, slow{clock.NewFake(start)}, "one").Turn("index", 90*time.Second)
		until := func() (end int64) {
			t.Helper()
			if ours, err := turn(t.Context()); err != nil || !ours {
				t.Fatalf("%t, %v", ours, err)
			}
			err := d.Read(t.Context(), func(tx *db.Tx) error {
				return tx.Query(`SELECT until FROM lease`, nil, func(r db.Row) error { end = r.Int64(0); return nil })
			})
			if err != nil {
				t.Fatal(err)
			}
			return end
		}
		if first, second := until(), until(); second <= first {
			t.Error("40 seconds after a lease of 90 was asked for it was not lengthened")
		}
	}, job.Schema)
}

func TestLeases(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, c := context.Background(), clock.NewFake(start)
		one, two := job.NewLeases(d, c, "one"), job.NewLeases(d, c, "two")
		take := func(l *job.Leases, want bool, why string) {
			t.Helper()
			if got, err := l.Take(ctx, "seal", time.Minute); err != nil || got != want {
				t.Errorf("%s: got %v, %v", why, got, err)
			}
		}
		take(one, true, "free")
		take(two, false, "held by one")
		c.Advance(59 * time.Second)
		take(one, true, "longer")
		c.Advance(59 * time.Second)
		take(two, false, "held by one for longer")
		c.Advance(time.Second)
		take(two, true, "over")
		take(one, false, "lost to two")
		if err := errors.Join(one.Release(ctx, "seal"), one.Release(ctx, "nothing")); err != nil {
			t.Error(err)
		}
		take(one, false, "released by who did not hold it")
		if err := two.Release(ctx, "seal"); err != nil {
			t.Error(err)
		}
		take(one, true, "given back")
		if _, err := one.Take(ctx, "", time.Minute); err == nil {
			t.Error("a lease without a name was given")
		}
	}, job.Schema)
}

// Many processes race for one lease, again and again: never two hold it.
func TestOneHolder(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, c := context.Background(), clock.NewFake(start)
		var group sync.WaitGroup
		var inside, got atomic.Int64
		for i := range 8 {
			l := job.NewLeases(d, c, string(rune('a'+i)))
			group.Go(func() {
				for range 15 {
					ours, err := l.Take(ctx, "seal", time.Minute)
					if err != nil {
						t.Error(err)
					}
					if !ours {
						continue
					}
					if inside.Add(1) != 1 {
						t.Error("two hold the lease")
					}
					got.Add(1)
					inside.Add(-1)
					if err := l.Release(ctx, "seal"); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		if got.Load() == 0 {
			t.Error("nobody ever got it")
		}
	}, job.Schema)
}

// Two processes have the same job. One does it; when it stops the other takes over.
func TestAJobThatRunsAlone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := clock.NewFake(start)
		var runs [2]atomic.Int64
		var runners [2]*job.Runner
		for i := range runners {
			runners[i] = runner(t, c, job.NewLeases(d, c, string(rune('a'+i))))
			begin(t, runners[i], job.Job{Name: "seal", Every: time.Second, Alone: true, Run: func(context.Context) error {
				runs[i].Add(1)
				return nil
			}})
		}
		for range 5 {
			advance(t, c, time.Second, 2)
		}
		a, b := runs[0].Load(), runs[1].Load()
		if a+b != 5 || a*b != 0 {
			t.Fatalf("one ran %d times, the other %d: want 5 and none", a, b)
		}
		doer, other := 0, 1
		if b > 0 {
			doer, other = 1, 0
		}
		if s := runners[other].Status()[0]; s.Skipped != 5 {
			t.Errorf("the other skipped %d times", s.Skipped)
		}
		runners[doer].Stop()
		advance(t, c, time.Second, 1)
		if runs[other].Load() != 1 {
			t.Error("the other did not take over")
		}
	}, job.Schema)
}
