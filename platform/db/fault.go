package db

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"haven/platform/errs"
)

var (
	errClosed  = errs.E(errs.Transient, "The service is shutting down. Try again in a minute.")
	errEnded   = errors.New("a transaction was used after its function returned")
	errNested  = errors.New("a transaction was used inside scan")
	errGone    = errors.New("a transaction's function ended its goroutine")
	errTooSlow = errors.New("a read was stopped: it held its snapshot for too long")
)

const sayBusy = "The service is busy. Try again in a minute."

// fault gives an error of the database its kind and names the statement. Values never get into it.
func fault(kind errs.Kind, cause error, sql string) error {
	if sql != "" {
		cause = fmt.Errorf("%w [%s]", cause, sql)
	}
	say := ""
	switch kind {
	case errs.Transient:
		say = sayBusy
	case errs.Conflict:
		say = "It exists already, or was changed meanwhile."
	}
	return errs.Wrap(kind, cause, say)
}

// stopped is the error for a context that ended while something was waited for.
func stopped(ctx context.Context) error {
	return errs.Wrap(errs.Transient, context.Cause(ctx), sayBusy)
}

// run calls fn and turns a panic into an Internal error. This is the edge where a closure's panic ends.
func run(fn func(*Tx) error, tx *Tx, c *counters) (err error) {
	defer func() {
		if p := recover(); p != nil {
			c.panics.Add(1)
			err = errs.Wrap(errs.Internal, fmt.Errorf("a transaction's function panicked: %v\n%s", p, debug.Stack()), "")
		}
	}()
	return fn(tx)
}
