package blob

import (
	"context"
	"errors"
	"slices"
	"time"

	"haven/platform/db"
	"haven/platform/errs"
)

// Schema is the tables of this concept. A body's chunks follow from its size, so there is no column for them.
//
// zero_since is when the last reference went, and NULL while there is one. pack_emptied is when a file was first seen
// without rows. store_identity is the folder that the rows speak of.
var Schema = db.Schema{Concept: "blob", Steps: []string{
	`CREATE TABLE body (id {int} PRIMARY KEY, pack {int} NOT NULL, off {int} NOT NULL, len {int} NOT NULL,
		size {int} NOT NULL, zero_since {int})`,
	`CREATE INDEX body_pack ON body (pack, off, len)`,
	`CREATE INDEX body_zero ON body (zero_since) WHERE zero_since IS NOT NULL`,
	`CREATE TABLE pack_emptied (pack {int} PRIMARY KEY, since {int} NOT NULL)`,
	`CREATE TABLE store_identity (one {int} PRIMARY KEY, identity {text} NOT NULL)`,
}}

// Insert writes the row of a body, in the transaction that writes the first reference to it.
func Insert(tx *db.Tx, st Stored) {
	tx.Exec(`INSERT INTO body (id, pack, off, len, size) VALUES ($1, $2, $3, $4, $5)`,
		int64(st.ID), st.Loc.Pack, st.Loc.Off, st.Loc.Len, st.Loc.Size)
}

// Lookup is where a body lies now; NotFound if it has no row.
func Lookup(tx *db.Tx, id ID) (Loc, error) {
	var loc Loc
	found := false
	err := LookupEach(tx, []ID{id}, func(_ int, l Loc) error {
		loc, found = l, true
		return nil
	})
	if err == nil && !found {
		err = errs.E(errs.NotFound, "")
	}
	return loc, err
}

// LookupEach calls scan with the location of ids[i] for every id that has a row, in order.
func LookupEach(tx *db.Tx, ids []ID, scan func(i int, loc Loc) error) error {
	return tx.QueryEach(`SELECT pack, off, len, size FROM body WHERE id = $1`, len(ids),
		func(i int) []any { return []any{int64(ids[i])} },
		func(i int, r db.Row) error { return scan(i, scanLoc(r)) })
}

// Placed is a body and where it lies.
type Placed struct {
	ID  ID
	Loc Loc
}

// After lists the bodies that come after an id, in order of id, at most that many.
func After(tx *db.Tx, id ID, most int) (page []Placed, err error) {
	err = tx.Query(`SELECT pack, off, len, size, id FROM body WHERE id > $1 ORDER BY id LIMIT $2`, []any{int64(id), int64(most)},
		func(r db.Row) error {
			page = append(page, Placed{ID(r.Int64(4)), scanLoc(r)})
			return nil
		})
	return page, err
}

// InUse lists the bodies after an id that are not marked as free, in order of id, at most that many.
func InUse(tx *db.Tx, after ID, most int) (page []ID, err error) {
	err = tx.Query(`SELECT id FROM body WHERE id > $1 AND zero_since IS NULL ORDER BY id LIMIT $2`, []any{int64(after), int64(most)},
		func(r db.Row) error {
			page = append(page, ID(r.Int64(0)))
			return nil
		})
	return page, err
}

func scanLoc(r db.Row) Loc {
	return Loc{Pack: r.Int64(0), Off: r.Int64(1), Len: r.Int64(2), Size: r.Int64(3)}
}

// Retained says that a further reference to each body is being written. Every transaction that refers to a body which
// it did not insert calls it: it locks the row against being swept, and is NotFound if one is gone already.
func Retained(tx *db.Tx, ids ...ID) error {
	ids = sorted(ids)
	kept := 0
	err := tx.QueryEach(`UPDATE body SET zero_since = NULL WHERE id = $1 RETURNING id`, len(ids),
		func(i int) []any { return []any{int64(ids[i])} },
		func(int, db.Row) error { kept++; return nil })
	if err == nil && kept < len(ids) {
		err = errs.E(errs.NotFound, "The message has been deleted for good.")
	}
	return err
}

// Released says that the last reference to each body goes in this transaction. It may be wrong about that: sweeping
// asks again. A body that was released before keeps the earlier time.
func Released(tx *db.Tx, at time.Time, ids ...ID) {
	for _, id := range sorted(ids) {
		tx.Exec(`UPDATE body SET zero_since = $2 WHERE id = $1 AND zero_since IS NULL`, int64(id), at.UnixMicro())
	}
}

// sorted puts ids in ascending order, each once, so that two transactions cannot lock each other out.
func sorted(ids []ID) []ID {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return slices.Compact(ids)
}

// Bind ties the database to a folder at the first start; later it refuses any other folder as Invalid.
func Bind(tx *db.Tx, identity string) error {
	known, err := BoundTo(tx)
	if err != nil {
		return err
	}
	switch known {
	case "":
		tx.Exec(`INSERT INTO store_identity (one, identity) VALUES (1, $1)`, identity)
		return nil
	case identity:
		return nil
	}
	return errs.E(errs.Invalid, "The folder of bodies belongs to another database. Check both paths in the configuration.")
}

// Bind ties the database to this folder at the first start, as the function does. It refuses as Invalid a database that
// belongs to no folder yet while this one holds bodies: the database that knew them is lost or was not restored.
func (s *Store) Bind(tx *db.Tx) error {
	known, err := BoundTo(tx)
	if err != nil {
		return err
	}
	if known == "" {
		last, err := s.lastNumber()
		if err != nil {
			return err
		}
		if last > 0 {
			return errs.E(errs.Invalid, "The database is new, and the folder %s holds message bodies of another one. Restore the database, or name an empty data folder.", s.dir)
		}
	}
	return Bind(tx, s.Identity())
}

// BoundTo is the identity of the folder that the database belongs to, for Options.Identity; "" before Bind.
func BoundTo(tx *db.Tx) (string, error) {
	var known string
	err := tx.Query(`SELECT identity FROM store_identity WHERE one = 1`, nil, func(r db.Row) error {
		known = r.Text(0)
		return nil
	})
	return known, err
}

// Follow calls fn with the location of a body: with loc, which the caller has read, and if that ends with ErrMoved,
// once more with what the row says now. NotFound means that the body was deleted meanwhile.
func Follow(ctx context.Context, d *db.DB, id ID, loc Loc, fn func(Loc) error) error {
	err := fn(loc)
	if !errors.Is(err, ErrMoved) {
		return err
	}
	var now Loc
	if readErr := d.Read(ctx, func(tx *db.Tx) (err error) {
		now, err = Lookup(tx, id)
		return err
	}); readErr != nil {
		return readErr
	}
	if now == loc {
		return Lost(loc, id)
	}
	return fn(now)
}

// unreferenced lists bodies whose last reference went before a time, the oldest first.
func unreferenced(tx *db.Tx, before time.Time, limit int) ([]ID, error) {
	var ids []ID
	err := tx.Query(`SELECT id FROM body WHERE zero_since <= $1 ORDER BY zero_since LIMIT $2`,
		[]any{before.UnixMicro(), int64(limit)}, func(r db.Row) error {
			ids = append(ids, ID(r.Int64(0)))
			return nil
		})
	return ids, err
}

// lockUnreferenced locks the row of a body that is still unreferenced since before a time, and is false if it
// isn't any more.
func lockUnreferenced(tx *db.Tx, id ID, before time.Time) (loc Loc, ok bool, err error) {
	err = tx.Query(`UPDATE body SET zero_since = zero_since WHERE id = $1 AND zero_since <= $2 RETURNING pack, off, len, size`,
		[]any{int64(id), before.UnixMicro()}, func(r db.Row) error {
			loc, ok = scanLoc(r), true
			return nil
		})
	return loc, ok, err
}

func deleteBody(tx *db.Tx, id ID) {
	tx.Exec(`DELETE FROM body WHERE id = $1`, int64(id))
}

// readPackFacts fills in live, rows and emptied.
func readPackFacts(tx *db.Tx, facts []packFacts) error {
	number := func(i int) []any { return []any{facts[i].number} }
	for i := range facts {
		facts[i].emptied = time.Time{}
	}
	err := tx.QueryEach(`SELECT COUNT(*), CAST(COALESCE(SUM(len), 0) AS BIGINT) FROM body WHERE pack = $1`, len(facts), number,
		func(i int, r db.Row) error {
			facts[i].rows, facts[i].live = r.Int64(0), r.Int64(1)
			return nil
		})
	if err != nil {
		return err
	}
	return tx.QueryEach(`SELECT since FROM pack_emptied WHERE pack = $1`, len(facts), number,
		func(i int, r db.Row) error {
			facts[i].emptied = time.UnixMicro(r.Int64(0))
			return nil
		})
}

func insertEmptied(tx *db.Tx, number int64, at time.Time) {
	tx.Exec(`INSERT INTO pack_emptied (pack, since) VALUES ($1, $2) ON CONFLICT (pack) DO NOTHING`, number, at.UnixMicro())
}

func deleteEmptied(tx *db.Tx, number int64) {
	tx.Exec(`DELETE FROM pack_emptied WHERE pack = $1`, number)
}

// placed is a row of body.
type placed struct {
	id  ID
	loc Loc
}

// bodiesOf lists bodies of a pack in the order in which they lie, beginning after an offset.
func bodiesOf(tx *db.Tx, number, after int64, limit int) ([]placed, error) {
	var all []placed
	err := tx.Query(`SELECT pack, off, len, size, id FROM body WHERE pack = $1 AND off > $2 ORDER BY off LIMIT $3`,
		[]any{number, after, int64(limit)}, func(r db.Row) error {
			all = append(all, placed{id: ID(r.Int64(4)), loc: scanLoc(r)})
			return nil
		})
	return all, err
}

// moveBody points a row to a new place, unless it has changed since it was read.
func moveBody(tx *db.Tx, id ID, from, to Loc) {
	tx.Exec(`UPDATE body SET pack = $1, off = $2 WHERE id = $3 AND pack = $4 AND off = $5`,
		to.Pack, to.Off, int64(id), from.Pack, from.Off)
}
