// Package job runs what has to be done again and again: sealing, sweeping, the life cycle, polls.
//
// A job is one goroutine, so it never overlaps itself, and has an owner that waits for it. On PostgreSQL with
// several processes a job that one of them should do takes a lease first.
package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"haven/platform/clock"
)

// Job is one thing to do again and again.
type Job struct {
	Name  string        // "purge", "audit seal": for the log, the metrics and the lease
	Every time.Duration // from the end of one run to the begin of the next, a tenth more or less
	Limit time.Duration // after which the ctx of a run ends, by the machine's clock (0: Every, at least a minute)
	Alone bool          // only one process does it, by a lease
	Run   func(ctx context.Context) error
}

// Status is what a job did so far.
type Status struct {
	Name     string
	Runs     int64 // that ended, well or not
	Failed   int64 // with an error or a panic
	Panics   int64
	Skipped  int64     // since another process holds the lease
	Last     time.Time // when the last run ended
	LastTook time.Duration
	LastErr  error // of the last run
}

// Options are what a runner stands on.
type Options struct {
	Clock  clock.Clock    // nil: the machine's
	Random func() float64 // [0,1), spreads the runs; nil: none is spread
	Leases *Leases        // needed by jobs that run alone; nil: this is the only process
	Logger *slog.Logger   // nil: nothing is logged
}

// Runner owns jobs from Start to Stop. It is safe for many goroutines.
type Runner struct {
	clock  clock.Clock
	random func() float64
	leases *Leases
	log    *slog.Logger
	ctx    context.Context
	cancel context.CancelFunc
	group  sync.WaitGroup
	mu     sync.Mutex
	jobs   map[string]*running
}

// running is a job that was started.
type running struct {
	Job
	wake   chan struct{}
	mu     sync.Mutex
	status Status
}

// NewRunner makes a runner without jobs.
func NewRunner(o Options) *Runner {
	if o.Clock == nil {
		o.Clock = clock.Real{}
	}
	if o.Random == nil {
		o.Random = func() float64 { return 0.5 }
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithCancel(context.Background())
	return &Runner{clock: o.Clock, random: o.Random, leases: o.Leases, log: o.Logger, ctx: ctx, cancel: cancel, jobs: make(map[string]*running)}
}

// Start begins a job. Its first run comes within Every, and within a minute. A name can be started once.
func (r *Runner) Start(j Job) error {
	if j.Name == "" || j.Every <= 0 || j.Run == nil {
		return fmt.Errorf("job %q needs a name, a period and something to run", j.Name)
	}
	if j.Limit <= 0 {
		j.Limit = max(j.Every, time.Minute)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ctx.Err() != nil {
		return errors.New("the runner was stopped")
	}
	if r.jobs[j.Name] != nil {
		return fmt.Errorf("job %q was started already", j.Name)
	}
	run := &running{Job: j, wake: make(chan struct{}, 1), status: Status{Name: j.Name}}
	r.jobs[j.Name] = run
	r.group.Go(func() { r.loop(run) })
	return nil
}

// Wake lets a job run now rather than at its time; if it is running, once more afterwards. An unknown name is ignored.
func (r *Runner) Wake(name string) {
	r.mu.Lock()
	run := r.jobs[name]
	r.mu.Unlock()
	if run == nil {
		return
	}
	select {
	case run.wake <- struct{}{}:
	default:
	}
}

// Stop ends the ctx of what runs, waits for it, and gives the leases back. A second Stop waits too.
func (r *Runner) Stop() {
	r.mu.Lock()
	r.cancel()
	r.mu.Unlock()
	r.group.Wait()
}

// Status is every job's, by name.
func (r *Runner) Status() []Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []Status
	for _, run := range r.jobs {
		run.mu.Lock()
		all = append(all, run.status)
		run.mu.Unlock()
	}
	slices.SortFunc(all, func(a, b Status) int { return strings.Compare(a.Name, b.Name) })
	return all
}

func (r *Runner) loop(run *running) {
	timer := r.clock.NewTimer(firstWait(run.Every, r.random()))
	defer timer.Stop()
	for {
		select {
		case <-r.ctx.Done():
			r.release(run)
			return
		case <-timer.C():
		case <-run.wake:
		}
		r.turn(run)
		timer.Reset(nextWait(run.Every, r.random()))
	}
}

// turn runs a job once, if it is ours to run.
func (r *Runner) turn(run *running) {
	ctx, cancel := context.WithTimeout(r.ctx, run.Limit)
	defer cancel()
	if run.Alone && r.leases != nil {
		ours, err := r.leases.Take(ctx, leaseName(run), run.Limit+leaseReserve(run.Every))
		if err != nil && r.ctx.Err() == nil {
			r.log.Warn("no lease for job", "job", run.Name, "error", err)
		}
		if !ours {
			run.note(func(s *Status) { s.Skipped++ })
			return
		}
	}
	began := r.clock.Now()
	panicked, err := call(ctx, run.Run)
	end := r.clock.Now()
	run.note(func(s *Status) {
		s.Runs++
		s.Last, s.LastTook, s.LastErr = end, end.Sub(began), err
		if err != nil {
			s.Failed++
		}
		if panicked {
			s.Panics++
		}
	})
	if err != nil && r.ctx.Err() == nil {
		r.log.Error("job failed", "job", run.Name, "error", err)
	}
}

// call is the edge at which a job's panic ends.
func call(ctx context.Context, run func(context.Context) error) (panicked bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			panicked, err = true, fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return false, run(ctx)
}

// release gives a lease back, so that another process need not wait for its end.
func (r *Runner) release(run *running) {
	if !run.Alone || r.leases == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), 5*time.Second)
	defer cancel()
	if err := r.leases.Release(ctx, leaseName(run)); err != nil {
		r.log.Warn("lease not given back", "job", run.Name, "error", err)
	}
}

func (run *running) note(change func(*Status)) {
	run.mu.Lock()
	defer run.mu.Unlock()
	change(&run.status)
}

func leaseName(run *running) string { return "job " + run.Name }
