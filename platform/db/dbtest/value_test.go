package dbtest_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"haven"
	"haven/platform/db"
	"haven/platform/errs"
)

type flags uint16

func TestValues(t *testing.T) {
	each(t, func(ctx context.Context, t *testing.T, d *db.DB) {
		big := bytes.Repeat([]byte("0123456789abcdef"), 1<<16) // 1 MiB
		person := haven.AccountID{1, 2, 3, 15: 9}
		for i, c := range []struct {
			column string
			in     any
			int    int64
			text   string
			bytes  []byte
			null   bool
		}{
			{"n", int64(math.MaxInt64), math.MaxInt64, "9223372036854775807", nil, false},
			{"n", int64(math.MinInt64), math.MinInt64, "-9223372036854775808", nil, false},
			{"n", 7, 7, "7", nil, false},
			{"n", uint32(math.MaxUint32), math.MaxUint32, "4294967295", nil, false},
			{"n", flags(3), 3, "3", nil, false},
			{"n", haven.UID(5), 5, "5", nil, false},
			{"n", haven.AccountNo(-6), -6, "-6", nil, false},
			{"n", true, 1, "1", nil, false},
			{"n", false, 0, "0", nil, false},
			{"n", nil, 0, "", nil, true},
			{"name", "", 0, "", []byte{}, false},
			{"name", "Große Bäckerei 🥐 o'clock $1 ; --", 0, "Große Bäckerei 🥐 o'clock $1 ; --", nil, false},
			{"name", haven.Rule("leaver.purge"), 0, "leaver.purge", nil, false},
			{"name", nil, 0, "", nil, true},
			{"note", strings.Repeat("ü", 1<<19), 0, strings.Repeat("ü", 1<<19), nil, false},
			{"data", []byte{0, 1, 255, 0}, 0, "", []byte{0, 1, 255, 0}, false},
			{"data", []byte{}, 0, "", []byte{}, false},
			{"data", []byte(nil), 0, "", nil, true},
			{"data", nil, 0, "", nil, true},
			{"data", big, 0, "", big, false},
			{"data", person, 0, "", person[:], false},
		} {
			name := fmt.Sprintf("%d: %s %T", i, c.column, c.in)
			must(t, d.Write(ctx, func(tx *db.Tx) error {
				tx.Exec(`INSERT INTO thing (id, `+c.column+`) VALUES ($1, $2)`, i, c.in)
				return nil
			}))
			must(t, d.Read(ctx, func(tx *db.Tx) error {
				return tx.Query(`SELECT `+c.column+` FROM thing WHERE id = $1`, []any{i}, func(r db.Row) error {
					if r.Null(0) != c.null {
						t.Errorf("%s: Null is %v", name, r.Null(0))
					}
					if got := r.Int64(0); c.column == "n" && got != c.int {
						t.Errorf("%s: Int64 is %d", name, got)
					}
					if got := r.Bool(0); c.column == "n" && got != (c.int != 0) {
						t.Errorf("%s: Bool is %v", name, got)
					}
					if got := r.Text(0); c.column != "data" && got != c.text {
						t.Errorf("%s: Text is %.40q", name, got)
					}
					if got := r.Bytes(0); c.column == "data" && (!bytes.Equal(got, c.bytes) || (got == nil) != c.null) {
						t.Errorf("%s: Bytes are %.40q, nil: %v", name, got, got == nil)
					}
					return nil
				})
			}))
		}
	})
}

func TestTextThatIsNone(t *testing.T) {
	each(t, func(ctx context.Context, t *testing.T, d *db.DB) {
		for _, text := range []string{"a\x00b", "\xff", "caf\xe9"} {
			err := d.Write(ctx, func(tx *db.Tx) error {
				tx.Exec(`INSERT INTO thing (id, name) VALUES (1, $1)`, text)
				return nil
			})
			wantKind(t, fmt.Sprintf("%q", text), err, errs.Invalid)
		}
	})
}

// Parameters are bound by number, in whatever order and however often they stand in the statement.
func TestParameters(t *testing.T) {
	each(t, func(ctx context.Context, t *testing.T, d *db.DB) {
		must(t, d.Write(ctx, func(tx *db.Tx) error {
			tx.Exec(`INSERT INTO pair (name, b, a) VALUES ($3, $2, $1)`, 1, 2, "x")
			tx.Exec(`INSERT INTO pair (a, b, name) VALUES ($2, $2, $1)`, "y", 3)
			tx.Exec(`INSERT INTO pair (a, b, name) VALUES ($10, $9, $1 || $2 || $3 || $4 || $5 || $6 || $7 || $8 || $1)`,
				"1", "2", "3", "4", "5", "6", "7", "8", 90, 100)
			return nil
		}))
		var got []string
		must(t, d.Read(ctx, func(tx *db.Tx) error {
			return tx.Query(`SELECT a, b, name FROM pair ORDER BY a`, nil, func(r db.Row) error {
				got = append(got, fmt.Sprintf("%d %d %s", r.Int64(0), r.Int64(1), r.Text(2)))
				return nil
			})
		}))
		if want := []string{"1 2 x", "3 3 y", "100 90 123456781"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// What expressions give is read alike, though PostgreSQL has more types.
func TestExpressions(t *testing.T) {
	each(t, func(ctx context.Context, t *testing.T, d *db.DB) {
		must(t, d.Write(ctx, func(tx *db.Tx) error {
			tx.Exec(`INSERT INTO thing (id, n, name) VALUES (1, $1, 'a'), (2, -5, 'B'), (3, NULL, NULL)`, int64(1)<<61)
			return nil
		}))
		for sql, want := range map[string]int64{
			`SELECT 7`:                                                         7,
			`SELECT SUM(n) FROM thing`:                                         1<<61 - 5,
			`SELECT SUM(n) FROM thing WHERE id = 2`:                            -5,
			`SELECT SUM(n * 2000) FROM thing WHERE id = 2`:                     -10000,
			`SELECT COALESCE(SUM(n), 0) FROM thing WHERE id > 9`:               0,
			`SELECT MAX(id) FROM thing WHERE id > 9`:                           0, // NULL
			`SELECT COUNT(*) FROM thing`:                                       3,
			`SELECT EXISTS (SELECT 1 FROM thing)`:                              1,
			`SELECT name IS NULL FROM thing WHERE id = 3`:                      1,
			`SELECT n & 3 FROM thing WHERE id = 2`:                             3,
			`SELECT CAST($1 AS BIGINT) + 1`:                                    43,
			`SELECT CASE WHEN n < 0 THEN 1 ELSE 0 END FROM thing WHERE id = 2`: 1,
			`SELECT LENGTH(name) FROM thing WHERE id = 1`:                      1,
		} {
			var args []any
			if strings.Contains(sql, "$1") {
				args = append(args, 42)
			}
			if got := number(ctx, t, d, sql, args...); got != want {
				t.Errorf("%s: got %d, want %d", sql, got, want)
			}
		}
	})
}

// Text is ordered and compared octet by octet: folding is ours.
func TestTextOrder(t *testing.T) {
	each(t, func(ctx context.Context, t *testing.T, d *db.DB) {
		words := []string{"zebra", "Zulu", "ähre", "a b", "ab", "a", "A", "_", "10", "9", "é", "日本"}
		for i, w := range words {
			must(t, d.Write(ctx, func(tx *db.Tx) error {
				tx.Exec(`INSERT INTO thing (id, name) VALUES ($1, $2)`, i, w)
				return nil
			}))
		}
		var got []string
		must(t, d.Read(ctx, func(tx *db.Tx) error {
			return tx.Query(`SELECT name FROM thing WHERE name > $1 ORDER BY name`, []any{""}, func(r db.Row) error {
				got = append(got, r.Text(0))
				return nil
			})
		}))
		slices.Sort(words)
		if !slices.Equal(got, words) {
			t.Errorf("got %q, want %q", got, words)
		}
	})
}

func TestQueryEach(t *testing.T) {
	each(t, func(ctx context.Context, t *testing.T, d *db.DB) {
		const n = 1201
		must(t, d.Write(ctx, func(tx *db.Tx) error {
			for i := range n {
				tx.Exec(`INSERT INTO thing (id, n, data) VALUES ($1, $2, $3)`, i, i*i, bytes.Repeat([]byte{byte(i)}, i%50))
			}
			return nil
		}))
		must(t, d.Read(ctx, func(tx *db.Tx) error {
			next := 0
			err := tx.QueryEach(`SELECT n, data, data FROM thing WHERE id = $1`, n,
				func(i int) []any { return []any{n - 1 - i} },
				func(i int, r db.Row) error {
					id := n - 1 - i
					first, second := r.Bytes(1), r.Bytes(2)
					if i != next || r.Int64(0) != int64(id*id) || !bytes.Equal(first, second) ||
						!bytes.Equal(first, bytes.Repeat([]byte{byte(id)}, id%50)) {
						t.Errorf("row %d: got n %d, %d octets", i, r.Int64(0), len(first))
					}
					next++
					return nil
				})
			if next != n {
				t.Errorf("%d rows, want %d", next, n)
			}
			return err
		}))
		must(t, d.Read(ctx, func(tx *db.Tx) error {
			return tx.QueryEach(`SELECT n FROM thing WHERE id = $1`, 3,
				func(i int) []any { return []any{i + n - 1} },
				func(i int, _ db.Row) error {
					if i != 0 {
						t.Errorf("row %d is none", i)
					}
					return nil
				})
		}))
	})
}

func TestQueryAmong(t *testing.T) {
	each(t, func(ctx context.Context, t *testing.T, d *db.DB) {
		must(t, d.Write(ctx, func(tx *db.Tx) error {
			for i := range 700 {
				tx.Exec(`INSERT INTO thing (id, n) VALUES ($1, $2)`, i, -i)
			}
			return nil
		}))
		for _, n := range []int{0, 1, 200, 201, 600} {
			var asked, got []int64
			for i := range n {
				asked = append(asked, int64(2*i)) // those from 700 on are not there
			}
			must(t, d.Read(ctx, func(tx *db.Tx) error {
				return db.QueryAmong(tx, `SELECT id, n FROM thing WHERE id IN `+db.Among, asked, func(r db.Row) error {
					if r.Int64(1) != -r.Int64(0) {
						t.Errorf("thing %d has %d", r.Int64(0), r.Int64(1))
					}
					got = append(got, r.Int64(0))
					return nil
				})
			}))
			slices.Sort(got)
			if want := asked[:min(n, 350)]; !slices.Equal(got, want) {
				t.Errorf("of %d numbers %d were found, want %d, each once", n, len(got), len(want))
			}
		}
	})
}

// A transaction sees its own statements, those that wait for a batch too.
func TestStatementsInOrder(t *testing.T) {
	each(t, func(ctx context.Context, t *testing.T, d *db.DB) {
		must(t, d.Write(ctx, func(tx *db.Tx) error {
			for i := range 1500 {
				tx.Exec(`INSERT INTO thing (id, n) VALUES ($1, 0)`, i)
			}
			if n, err := numberIn(tx, countThings); err != nil || n != 1500 {
				t.Errorf("saw %d rows, %v", n, err)
			}
			tx.Exec(`DELETE FROM thing WHERE id < 100`)
			if n, err := tx.Change(`UPDATE thing SET n = 1 WHERE id < $1`, 200); err != nil || n != 100 {
				t.Errorf("changed %d rows, %v", n, err)
			}
			if n, err := tx.Change(`UPDATE thing SET n = 1 WHERE id < 0`); err != nil || n != 0 {
				t.Errorf("changed %d rows, %v", n, err)
			}
			if tx.Engine() != d.Engine() {
				t.Errorf("the engine is %s, or %s", tx.Engine(), d.Engine())
			}
			return nil
		}))
		if n := number(ctx, t, d, `SELECT COUNT(*) FROM thing WHERE n = 1`); n != 100 {
			t.Errorf("%d rows, want 100", n)
		}
	})
}
