package db

import (
	"context"
	"errors"
	"time"

	"haven/platform/errs"
)

// migratePatience is how long a migration waits for another process at most.
const migratePatience = 10 * time.Minute

// migrate takes the writer's turn for the whole run. A second process waits in BEGIN IMMEDIATE.
func (e *sqliteEngine) migrate(ctx context.Context, schemas []Schema) error {
	if err := checkSchemas(schemas); err != nil {
		return err
	}
	e.writer.turn.Lock()
	defer e.writer.turn.Unlock()
	select {
	case <-e.writer.closing:
		return errClosed
	default:
	}
	err := e.step(ctx, func(*sqliteTx) error { return e.writer.conn.script(sqliteWords.Replace(stepTable)) })
	for _, s := range schemas {
		for more := err == nil; more && err == nil; {
			more, err = e.migrateStep(ctx, s)
		}
	}
	return err
}

// migrateStep does the next step of one concept, if there is one; what another process did meanwhile is seen.
func (e *sqliteEngine) migrateStep(ctx context.Context, s Schema) (more bool, err error) {
	err = e.step(ctx, func(tx *sqliteTx) error {
		var done int64
		err := tx.query(sqlStepsDone, []any{s.Concept}, func(r Row) error {
			done = r.Int64(0)
			return checkDone(s, done)
		})
		if err != nil || done == int64(len(s.Steps)) {
			return err
		}
		more = true
		if err := e.writer.conn.script(sqliteWords.Replace(s.Steps[done])); err != nil {
			return stepFault(s, done+1, err)
		}
		tx.exec(sqlStepDone, []any{s.Concept, done + 1})
		return tx.failed
	})
	return more, err
}

// step runs fn in a transaction of its own on the writer's connection. It waits for another process as long as
// ctx lets it.
func (e *sqliteEngine) step(ctx context.Context, fn func(*sqliteTx) error) error {
	c := e.writer.conn
	err := c.do("BEGIN IMMEDIATE")
	for since := time.Now(); errs.Is(err, errs.Transient) && ctx.Err() == nil && time.Since(since) < migratePatience; {
		err = c.do("BEGIN IMMEDIATE")
	}
	if err != nil {
		return err
	}
	if err = fn(&sqliteTx{conn: c}); err == nil {
		err = c.do("COMMIT")
	}
	if !c.conn.AutocommitEnabled() {
		err = errors.Join(err, c.do("ROLLBACK"))
	}
	return err
}
