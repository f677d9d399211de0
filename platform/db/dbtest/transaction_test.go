package dbtest_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"haven/platform/db"
	"haven/platform/errs"
)

func TestAtomicity(t *testing.T) {
	each(t, func(ctx context.Context, t *testing.T, d *db.DB) {
		mine := errors.New("mine")
		err := d.Write(ctx, func(tx *db.Tx) error {
			must(t, things(1, 2)(tx))
			return mine
		})
		if err != mine {
			t.Errorf("the function's error came back as %v", err)
		}
		must(t, d.Write(ctx, things(3, 4)))
		must(t, d.Write(ctx, func(*db.Tx) error { return nil }))
		wantKind(t, "a failed Exec", d.Write(ctx, things(5, 3, 6)), errs.Conflict)
		if n := number(ctx, t, d, countThings); n != 2 {
			t.Errorf("%d rows, want 2", n)
		}
	})
}

// Closures share a commit on SQLite; one that fails must take nothing of its neighbours with it.
func TestFailingNeighbours(t *testing.T) {
	each(t, func(ctx context.Context, t *testing.T, d *db.DB) {
		must(t, d.Write(ctx, things(0)))
		const n = 300
		refused := errors.New("refused")
		var group sync.WaitGroup
		for i := int64(1); i <= n; i++ {
			group.Go(func() {
				err := d.Write(ctx, func(tx *db.Tx) error {
					tx.Exec(`INSERT INTO thing (id, n) VALUES ($1, 1)`, i)
					switch i % 4 {
					case 0:
						return refused
					case 1:
						tx.Exec(`INSERT INTO thing (id) VALUES (0)`)
					case 2:
						panic("a fault of ours")
					}
					return nil
				})
				switch i % 4 {
				case 0:
					if err != refused {
						t.Errorf("%d: %v", i, err)
					}
				case 1:
					wantKind(t, "conflict", err, errs.Conflict)
				case 2:
					wantKind(t, "panic", err, errs.Internal)
				default:
					must(t, err)
				}
			})
		}
		group.Wait()
		if got := number(ctx, t, d, `SELECT COUNT(*) FROM thing WHERE id % 4 = 3`); got != n/4 {
			t.Errorf("%d rows, want %d", got, n/4)
		}
		if got := number(ctx, t, d, countThings); got != n/4+1 {
			t.Errorf("%d rows in all, want %d", got, n/4+1)
		}
		s := d.Stats()
		if s.Panics != n/4 || s.Writes != n/4+1 || s.Failed != 3*n/4 {
			t.Errorf("counted %d panics, %d writes, %d failed", s.Panics, s.Writes, s.Failed)
		}
	})
}

// The row that a transaction updates first is its lock: no two see the same number.
func TestRacingCounters(t *testing.T) {
	each(t, func(ctx context.Context, t *testing.T, d *db.DB) {
		must(t, d.Write(ctx, func(tx *db.Tx) error {
			tx.Exec(`INSERT INTO seq (an, seq) VALUES (1, 0)`)
			return nil
		}))
		const writers, rounds = 64, 12
		var seen [writers*rounds + 1]atomic.Int64
		var group sync.WaitGroup
		for range writers {
			group.Go(func() {
				for range rounds {
					var seq int64
					err := d.Write(ctx, func(tx *db.Tx) (err error) {
						seq, err = numberIn(tx, `UPDATE seq SET seq = seq + 1 WHERE an = $1 RETURNING seq`, 1)
						tx.Exec(`INSERT INTO thing (id) VALUES ($1)`, seq)
						return err
					})
					if err != nil {
						t.Error(err)
						return
					}
					seen[seq].Add(1)
				}
			})
		}
		group.Wait()
		for i := 1; i < len(seen); i++ {
			if n := seen[i].Load(); n != 1 {
				t.Errorf("number %d was given out %d times", i, n)
			}
		}
		if n := number(ctx, t, d, countThings); n != writers*rounds {
			t.Errorf("%d rows, want %d", n, writers*rounds)
		}
	})
}

// Transfers lock two rows in either order. PostgreSQL reports deadlocks, which no caller sees.
func TestDeadlocksAreRetried(t *testing.T) {
	each(t, func(ctx context.Context, t *testing.T, d *db.DB) {
		const accounts, movers, rounds = 3, 4, 6
		for an := range accounts {
			must(t, d.Write(ctx, func(tx *db.Tx) error {
				tx.Exec(`INSERT INTO seq (an, seq) VALUES ($1, 100)`, an)
				return nil
			}))
		}
		var group sync.WaitGroup
		for range movers {
			group.Go(func() {
				for range rounds {
					from := rand.IntN(accounts)
					to := (from + 1 + rand.IntN(accounts-1)) % accounts
					err := d.Write(ctx, func(tx *db.Tx) error {
						if _, err := tx.Change(`UPDATE seq SET seq = seq - 1 WHERE an = $1`, from); err != nil {
							return err
						}
						_, err := tx.Change(`UPDATE seq SET seq = seq + 1 WHERE an = $1`, to)
						return err
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		if sum := number(ctx, t, d, `SELECT SUM(seq) FROM seq`); sum != 100*accounts {
			t.Errorf("the sum is %d, want %d", sum, 100*accounts)
		}
	})
}

func TestReadIsOneSnapshot(t *testing.T) {
	each(t, func(ctx context.Context, t *testing.T, d *db.DB) {
		must(t, d.Write(ctx, things(1)))
		err := d.Read(ctx, func(tx *db.Tx) error {
			for round := range int64(3) {
				n, err := numberIn(tx, countThings)
				if err != nil || n != 1 {
					return fmt.Errorf("round %d saw %d rows, %w", round, n, err)
				}
				must(t, d.Write(ctx, things(10+round)))
			}
			return nil
		})
		must(t, err)
		if n := number(ctx, t, d, countThings); n != 4 {
			t.Errorf("afterwards there are %d rows, want 4", n)
		}
	})
}

func TestReadMayNotWrite(t *testing.T) {
	each(t, func(ctx context.Context, t *testing.T, d *db.DB) {
		wantKind(t, "insert in a Read", d.Read(ctx, func(tx *db.Tx) error {
			_, err := tx.Change(`INSERT INTO thing (id) VALUES (1)`)
			return err
		}), errs.Internal)
		if n := number(ctx, t, d, countThings); n != 0 {
			t.Errorf("%d rows, want none", n)
		}
	})
}

// After a failed statement the transaction can only fail, whatever the function returns.
func TestAFailedStatementEndsTheTransaction(t *testing.T) {
	each(t, func(ctx context.Context, t *testing.T, d *db.DB) {
		must(t, d.Write(ctx, things(1)))
		err := d.Write(ctx, func(tx *db.Tx) error {
			must(t, things(2)(tx))
			if _, err := tx.Change(`INSERT INTO thing (id) VALUES (1)`); !errs.Is(err, errs.Conflict) {
				t.Errorf("the conflict came back as %v", err)
			}
			if _, err := tx.Change(`INSERT INTO thing (id) VALUES (3)`); !errs.Is(err, errs.Conflict) {
				t.Errorf("the statement after it: %v", err)
			}
			return nil
		})
		wantKind(t, "swallowed error", err, errs.Conflict)
		err = d.Write(ctx, func(tx *db.Tx) error {
			n, err := tx.Change(`INSERT INTO thing (id) VALUES (1) ON CONFLICT (id) DO NOTHING`)
			if n != 0 {
				t.Errorf("ON CONFLICT DO NOTHING changed %d rows", n)
			}
			return errors.Join(err, things(4)(tx))
		})
		must(t, err)
		if n := number(ctx, t, d, `SELECT SUM(id) FROM thing`); n != 5 {
			t.Errorf("the rows add up to %d, want 1 and 4", n)
		}
	})
}

func TestErrorsOfScan(t *testing.T) {
	each(t, func(ctx context.Context, t *testing.T, d *db.DB) {
		must(t, d.Write(ctx, things(1, 2, 3)))
		enough := errors.New("enough")
		err := d.Write(ctx, func(tx *db.Tx) error {
			seen := 0
			err := tx.Query(`UPDATE thing SET n = n + 1 RETURNING id`, nil, func(db.Row) error {
				seen++
				return enough
			})
			if err != enough || seen != 1 {
				t.Errorf("%d rows seen, error %v", seen, err)
			}
			err = tx.QueryEach(`SELECT id FROM thing WHERE id = $1`, 3,
				func(i int) []any { return []any{i + 1} },
				func(i int, _ db.Row) error {
					if i == 1 {
						return enough
					}
					return nil
				})
			if err != enough {
				t.Errorf("QueryEach returned %v", err)
			}
			return nil // an error of scan is no error of the database
		})
		must(t, err)
		if n := number(ctx, t, d, `SELECT SUM(n) FROM thing`); n != 3 {
			t.Errorf("%d rows were updated, want all 3", n)
		}
	})
}

func TestMisuseIsFound(t *testing.T) {
	each(t, func(ctx context.Context, t *testing.T, d *db.DB) {
		must(t, d.Write(ctx, things(1)))
		var kept *db.Tx
		must(t, d.Read(ctx, func(tx *db.Tx) error { kept = tx; return nil }))
		_, err := numberIn(kept, countThings)
		wantKind(t, "a transaction used after its end", err, errs.Internal)
		must(t, d.Write(ctx, func(tx *db.Tx) error { kept = tx; return nil }))
		_, err = kept.Change(`DELETE FROM thing`)
		wantKind(t, "a transaction used after its end", err, errs.Internal)

		for name, fn := range map[string]func(tx *db.Tx) error{
			"use inside scan": func(tx *db.Tx) error {
				return tx.Query(countThings, nil, func(db.Row) error {
					tx.Exec(`DELETE FROM thing`)
					return nil
				})
			},
			"too few arguments":    func(tx *db.Tx) error { tx.Exec(`DELETE FROM thing WHERE id = $1 OR id = $2`, 1); return nil },
			"too many arguments":   func(tx *db.Tx) error { tx.Exec(`DELETE FROM thing WHERE id = $1`, 1, 2); return nil },
			"a type without store": func(tx *db.Tx) error { tx.Exec(`DELETE FROM thing WHERE id = $1`, 1.5); return nil },
			"a syntax error":       func(tx *db.Tx) error { tx.Exec(`DELETE FRM thing`); return nil },
			"an unknown table":     func(tx *db.Tx) error { tx.Exec(`DELETE FROM nothing`); return nil },
			"two statements":       func(tx *db.Tx) error { tx.Exec(`DELETE FROM thing; DELETE FROM thing`); return nil },
		} {
			err := d.Write(ctx, fn)
			wantKind(t, name, err, errs.Internal)
			if err != nil && !strings.Contains(err.Error(), "thing") {
				t.Errorf("%s: the error doesn't show the statement: %v", name, err)
			}
			if strings.Contains(errs.Say(err), "SELECT") || strings.Contains(errs.Say(err), "DEL") {
				t.Errorf("%s: the person is told of a statement: %s", name, errs.Say(err))
			}
		}
		if n := number(ctx, t, d, countThings); n != 1 {
			t.Errorf("%d rows, want 1", n)
		}
	})
}

func TestConstraintKinds(t *testing.T) {
	each(t, func(ctx context.Context, t *testing.T, d *db.DB) {
		must(t, d.Write(ctx, func(tx *db.Tx) error {
			tx.Exec(`INSERT INTO thing (id, name) VALUES (1, 'amina')`)
			tx.Exec(`INSERT INTO pair (a, b, name) VALUES (1, 2, 'x')`)
			return nil
		}))
		for _, c := range []struct {
			name, sql string
			kind      errs.Kind
		}{
			{"primary key", `INSERT INTO thing (id) VALUES (1)`, errs.Conflict},
			{"primary key of two", `INSERT INTO pair (a, b, name) VALUES (1, 2, 'y')`, errs.Conflict},
			{"unique index", `UPDATE thing SET name = 'amina' WHERE id = 2`, errs.Conflict},
			{"not null", `INSERT INTO pair (a, b, name) VALUES (1, 3, NULL)`, errs.Internal},
			{"check", `INSERT INTO pair (a, b, name) VALUES (1, 3, '')`, errs.Internal},
			{"reference", `INSERT INTO part (id, thing) VALUES (1, 99)`, errs.Internal},
		} {
			err := d.Write(ctx, func(tx *db.Tx) error {
				tx.Exec(`INSERT INTO thing (id, name) VALUES (2, 'bryn')`)
				tx.Exec(c.sql)
				return nil
			})
			wantKind(t, c.name, err, c.kind)
			if err != nil && strings.Contains(strings.ReplaceAll(err.Error(), c.sql, ""), "amina") {
				t.Errorf("%s: the error shows a value: %v", c.name, err)
			}
		}
	})
}

// A test's FailNow, or another runtime.Goexit, ends the goroutine that runs the function.
func TestAFunctionThatEndsItsGoroutine(t *testing.T) {
	each(t, func(ctx context.Context, t *testing.T, d *db.DB) {
		for _, call := range []func(context.Context, func(*db.Tx) error) error{d.Write, d.Read} {
			over := make(chan struct{})
			go func() {
				defer close(over)
				_ = call(ctx, func(tx *db.Tx) error {
					_, _ = numberIn(tx, countThings)
					runtime.Goexit()
					return nil
				})
			}()
			<-over
		}
		must(t, d.Write(ctx, things(1)))
		if n := number(ctx, t, d, countThings); n != 1 {
			t.Errorf("%d rows, want 1", n)
		}
	})
}
