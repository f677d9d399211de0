package directory

import (
	"context"
	"strconv"
	"strings"

	"haven"
	"haven/people/account"
	"haven/platform/db"
)

// Refresh brings the entries up to date of whoever changed since the last time.
func (s *Service) Refresh(ctx context.Context) error {
	for ctx.Err() == nil {
		some := false
		err := s.o.DB.Read(ctx, func(tx *db.Tx) (err error) {
			some, err = account.AnyChanged(tx, s.o.Clock.Now())
			return err
		})
		if err != nil || !some {
			return err
		}
		if err := s.o.DB.Write(ctx, s.refreshSome); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (s *Service) refreshSome(tx *db.Tx) error {
	now := s.o.Clock.Now()
	numbers, err := account.TakeChanged(tx, now, s.o.Policy.StepEntries)
	if err != nil || len(numbers) == 0 {
		return err
	}
	all, err := factsOf(tx, numbers)
	if err != nil {
		return err
	}
	before, err := entriesOf(tx, numbers)
	if err != nil {
		return err
	}
	for no, f := range all {
		name, rest := wordsOf(*f, now)
		write(tx, no, before[no], keysOf(name, rest))
		if next := f.turns(now); !next.IsZero() {
			account.ChangesAt(tx, no, next)
		}
	}
	return nil
}

// indexed is what directory_entry remembers of an entry.
type indexed struct {
	keys []key
	sure bool // its rows are known to be in the index
}

func entriesOf(tx *db.Tx, numbers []haven.AccountNo) (map[haven.AccountNo]indexed, error) {
	all := make(map[haven.AccountNo]indexed, len(numbers))
	if len(numbers) == 0 {
		return all, nil
	}
	return all, db.QueryAmong(tx, sqlWords, numbers, func(r db.Row) error {
		all[haven.AccountNo(r.Int64(0))] = indexed{readKeys(r.Text(1)), r.Int64(2) > 0}
		return nil
	})
}

// write puts an entry's rows in place of those before. Where those are not sure all are put, and those taken out that the entry no longer has.
func write(tx *db.Tx, no haven.AccountNo, before indexed, after []key) {
	had, has := setOf(before.keys), setOf(after)
	changed := len(before.keys) > 0 && !before.sure
	for _, k := range before.keys {
		if !has[k] {
			tx.Exec(sqlDropWord, k.word, int64(k.part), int64(no))
			changed = true
		}
	}
	for _, k := range after {
		if !before.sure || !had[k] {
			tx.Exec(sqlPutWord, k.word, int64(k.part), int64(no))
			changed = true
		}
	}
	switch {
	case !changed:
	case len(after) == 0:
		tx.Exec(sqlDropEntry, int64(no))
	default:
		tx.Exec(sqlPutEntry, int64(no), writeKeys(after), int64(len(after)))
	}
}

func setOf(keys []key) map[key]bool {
	m := make(map[key]bool, len(keys))
	for _, k := range keys {
		m[k] = true
	}
	return m
}

// writeKeys writes an entry's rows as directory_entry keeps them: each behind the sign that begins a line, the word, and the part behind a tab. A word
// of a search is the beginning of one of the entry's where it stands behind that sign (sqlFindAlso).
func writeKeys(keys []key) string {
	var b strings.Builder
	for _, k := range keys {
		b.WriteString("\n" + k.word + "\t" + strconv.Itoa(k.part))
	}
	return b.String()
}

func readKeys(s string) (keys []key) {
	for line := range strings.SplitSeq(s, "\n") {
		if word, part, ok := strings.Cut(line, "\t"); ok {
			n, _ := strconv.Atoi(part) // what writeKeys wrote; Check finds anything else
			keys = append(keys, key{word, n})
		}
	}
	return keys
}

// wordsIn are the single words of an entry's rows that stand in one part of it.
func wordsIn(keys []key, part int) (words []string) {
	for _, k := range keys {
		if k.part == part && !strings.HasPrefix(k.word, pairMark) {
			words = append(words, k.word)
		}
	}
	return words
}

// State is how far the index is.
type State struct {
	Entries int64 // that can be found
	Waiting int64 // accounts that changed and are not looked at yet
}

// State counts entries and what waits to be brought up to date.
func (s *Service) State(ctx context.Context) (st State, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Query(sqlEntries, nil, func(r db.Row) error { st.Entries = r.Int64(0); return nil }); err != nil {
			return err
		}
		st.Waiting, err = account.CountChanged(tx, s.o.Clock.Now())
		return err
	})
	return st, err
}

// Rebuild makes the index anew while it is used, and says again and again how far it is. What was found before is found all the while.
func (s *Service) Rebuild(ctx context.Context, progress func(done, all int64)) error {
	var all, done int64
	if err := s.o.DB.Read(ctx, func(tx *db.Tx) error {
		return tx.Query(sqlCountAccounts, nil, func(r db.Row) error { all = r.Int64(0); return nil })
	}); err != nil {
		return err
	}
	for after := haven.AccountNo(0); ; {
		var last haven.AccountNo
		err := s.o.DB.Write(ctx, func(tx *db.Tx) (err error) {
			if last, err = account.ChangeAfter(tx, after, s.o.Policy.StepEntries); err == nil && last != 0 {
				tx.Exec(sqlForget, int64(after), int64(last))
			}
			return err
		})
		if err != nil {
			return err
		}
		if err := s.Refresh(ctx); err != nil {
			return err
		}
		if last == 0 {
			break
		}
		after, done = last, min(done+int64(s.o.Policy.StepEntries), all)
		progress(done, all)
	}
	if err := s.sweep(ctx, s.o.DB.Write, drop); err != nil {
		return err
	}
	return s.Refresh(ctx)
}
