package blob

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"haven/platform/db"
	"haven/platform/errs"
)

// Keeper removes what nobody refers to any more. One process runs it, by lease; should two, the folder's
// maintenance lock makes the second answer ErrHeld, as does a back-up that holds the folder.
type Keeper struct {
	Store *Store
	DB    *db.DB

	// Referenced says whether anything still refers to a body: it asks every table that may. It is called within
	// the write transaction that is about to delete the body's row, which is locked by then.
	Referenced func(tx *db.Tx, id ID) (bool, error)
}

// One transaction of maintenance touches at most this, so that mail waits no longer than 10 ms for it.
const (
	sweepStep  = 64
	moveStep   = 128
	moveOctets = 4 << 20
	factsStep  = 256
)

// Swept is what Sweep did.
type Swept struct {
	Bodies int   // deleted
	Octets int64 // of records; those in packs are freed by compaction
	Kept   int   // referred to after all
}

// Sweep deletes bodies that nothing has referred to for Options.Grace: first the row, then, where a body has a file of
// its own, the file.
func (k *Keeper) Sweep(ctx context.Context) (Swept, error) {
	var all Swept
	release, err := k.Store.hold(ctx, syscall.LOCK_EX, false)
	if err != nil {
		return all, err
	}
	defer release()
	before := k.Store.opt.Now().Add(-k.Store.opt.Grace)
	for {
		var ids []ID
		if err := k.DB.Read(ctx, func(tx *db.Tx) (err error) {
			ids, err = unreferenced(tx, before, sweepStep)
			return err
		}); err != nil || len(ids) == 0 {
			return all, err
		}
		var step Swept
		var gone []Loc
		if err := k.DB.Write(ctx, func(tx *db.Tx) (err error) {
			step, gone, err = k.sweepStep(tx, sorted(ids), before)
			return err
		}); err != nil {
			return all, err
		}
		all.Bodies, all.Octets, all.Kept = all.Bodies+step.Bodies, all.Octets+step.Octets, all.Kept+step.Kept
		for _, loc := range gone {
			if isLarge(loc.Pack) {
				k.unlink(loc.Pack) // what fails here, compaction finds without rows
			}
		}
	}
}

func (k *Keeper) sweepStep(tx *db.Tx, ids []ID, before time.Time) (step Swept, gone []Loc, err error) {
	for _, id := range ids {
		loc, ok, err := lockUnreferenced(tx, id, before)
		if err != nil {
			return step, nil, err
		}
		if !ok {
			continue
		}
		referred, err := k.Referenced(tx, id)
		if err != nil {
			return step, nil, err
		}
		if referred {
			step.Kept++
			if err := Retained(tx, id); err != nil {
				return step, nil, err
			}
			continue
		}
		deleteBody(tx, id)
		gone = append(gone, loc)
		step.Bodies++
		step.Octets += loc.Len
	}
	return step, gone, nil
}

// Compacted is what Compact did.
type Compacted struct {
	Packs    int   // of which live bodies were copied away
	Bodies   int   // moved
	Octets   int64 // of records moved
	Unlinked int   // files removed
	Freed    int64 // their octets
	Damaged  int   // records, or whole packs, that could not be copied; the pack stays
}

// Compact copies what lives in packs that are mostly dead into new packs, moves the rows, and removes files in which
// nothing has lived for Options.Linger. The copy is synced before a row points to it; moving is done in steps of
// one commit each, since a body is whole in both places. A file is touched at the earliest Options.Grace after its
// last append. Compact may end at any point, or crash: the next run goes on.
func (k *Keeper) Compact(ctx context.Context) (Compacted, error) {
	var all Compacted
	s := k.Store
	release, err := s.hold(ctx, syscall.LOCK_EX, false)
	if err != nil {
		return all, err
	}
	defer release()
	numbers, err := s.Numbers()
	if err != nil {
		return all, err
	}
	into := &target{s: s}
	defer into.close()
	for len(numbers) > 0 {
		n := min(factsStep, len(numbers))
		facts, err := k.facts(ctx, numbers[:n], &all)
		if err != nil {
			return all, err
		}
		numbers = numbers[n:]
		for _, f := range facts {
			if err := k.step(ctx, f, into, &all); err != nil {
				return all, err
			}
		}
	}
	return all, nil
}

// facts looks at files that are past their time of grace; the others need no question to the database.
func (k *Keeper) facts(ctx context.Context, numbers []int64, all *Compacted) ([]packFacts, error) {
	var facts []packFacts
	s := k.Store
	now := s.opt.Now()
	for _, number := range numbers {
		fi, err := os.Stat(s.path(number))
		if errors.Is(err, fs.ErrNotExist) || err == nil && now.Sub(fi.ModTime()) < s.opt.Grace {
			continue
		}
		written := false
		if err == nil {
			written, err = isWritten(s.path(number))
		}
		if err != nil { // it stays as it is, and holds up no other
			all.Damaged++
			s.opt.Logger.Error("a pack cannot be opened and stays where it is", "pack", fileName(number), "error", err)
			continue
		}
		facts = append(facts, packFacts{number: number, size: fi.Size(), ended: fi.ModTime(), written: written})
	}
	err := k.DB.Read(ctx, func(tx *db.Tx) error { return readPackFacts(tx, facts) })
	return facts, err
}

func (k *Keeper) step(ctx context.Context, f packFacts, into *target, all *Compacted) error {
	opt := k.Store.opt
	switch nextPackStep(f, opt.Grace, opt.Linger, opt.Now()) {
	case packCopy:
		bodies, before := all.Bodies, all.Damaged
		if err := k.copyPack(ctx, f.number, into, all); err != nil {
			return err
		}
		if all.Bodies > bodies {
			all.Packs++
		}
		if all.Damaged > before {
			return nil
		}
		return k.markEmptied(ctx, f.number)
	case packEmpty:
		return k.markEmptied(ctx, f.number)
	case packUnlink:
		if k.unlink(f.number) {
			all.Unlinked++
			all.Freed += f.size
			return k.DB.Write(ctx, func(tx *db.Tx) error {
				deleteEmptied(tx, f.number)
				return nil
			})
		}
	}
	return nil
}

func (k *Keeper) markEmptied(ctx context.Context, number int64) error {
	return k.DB.Write(ctx, func(tx *db.Tx) error {
		insertEmptied(tx, number, k.Store.opt.Now())
		return nil
	})
}

// unlink removes a file that no row points to. Bodies of it that are open stay readable until they are closed.
func (k *Keeper) unlink(number int64) bool {
	s := k.Store
	s.open.drop(number)
	path := s.path(number)
	err := os.Remove(path)
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.opt.Logger.Warn("a file without bodies stays behind until the next compaction", "pack", fileName(number), "error", err)
		return false
	}
	return true
}

// copyPack moves every body of a pack that can be read.
func (k *Keeper) copyPack(ctx context.Context, number int64, into *target, all *Compacted) error {
	s := k.Store
	from, err := s.open.get(number)
	if errors.Is(err, ErrDamaged) { // it stays as it is, and holds up no other
		all.Damaged++
		s.opt.Logger.Error("a pack cannot be read and stays where it is", "pack", fileName(number), "error", err)
		return nil
	}
	if err != nil {
		return err
	}
	defer s.open.put(from)
	after := int64(0)
	for {
		var rows []placed
		if err := k.DB.Read(ctx, func(tx *db.Tx) (err error) {
			rows, err = bodiesOf(tx, number, after, moveStep)
			return err
		}); err != nil || len(rows) == 0 {
			return err
		}
		for len(rows) > 0 {
			n := into.fill(from, rows)
			after = rows[n-1].loc.Off
			rows = rows[n:]
			if err := into.sync(); err != nil {
				return err
			}
			if err := k.DB.Write(ctx, into.move); err != nil {
				return err
			}
			all.Damaged += into.damaged
			all.Bodies += len(into.moved)
			all.Octets += int64(into.buf.Len())
		}
	}
}

// target is the pack that compaction copies into: an ordinary one, begun when there is something to copy.
type target struct {
	s       *Store
	pack    *packFile
	buf     bytes.Buffer
	from    []placed // what buf holds, where it lay
	moved   []Loc    // and where it lies now
	damaged int
}

// fill reads records into the buffer, up to moveOctets, and returns how many rows it took. What cannot be read is
// counted, logged and left where it is.
func (t *target) fill(f *handle, rows []placed) int {
	t.buf.Reset()
	t.from, t.moved, t.damaged = t.from[:0], t.moved[:0], 0
	for i, r := range rows {
		if i > 0 && t.buf.Len()+int(r.loc.Len) > moveOctets {
			return i
		}
		mark := t.buf.Len()
		err := checkLoc(r.loc, r.id)
		if err == nil {
			err = t.s.copyRecord(&t.buf, f.f, r.loc, r.id)
		}
		if err != nil {
			t.buf.Truncate(mark)
			t.damaged++
			t.s.opt.Logger.Error("a body cannot be copied and stays where it is", "body", int64(r.id), "error", err)
			continue
		}
		t.from = append(t.from, r)
	}
	return len(rows)
}

// sync makes the buffer durable at the end of the target.
func (t *target) sync() error {
	if len(t.from) == 0 {
		return nil
	}
	if t.pack != nil && packFull(t.pack.off, int64(t.buf.Len()), t.s.opt.PackSize) {
		t.close()
	}
	if t.pack == nil {
		p, err := t.s.createTarget()
		if err != nil {
			return err
		}
		t.pack = p
	}
	if err := t.pack.f.WriteVec([][]byte{t.buf.Bytes()}, t.pack.off); err != nil {
		t.close()
		if !isDiskFull(err) {
			t.s.giveUp(err)
		}
		return errs.Wrap(errs.Transient, err, "")
	}
	if err := t.pack.f.Sync(); err != nil {
		t.s.giveUp(err)
		t.close()
		return errs.Wrap(errs.Transient, err, "")
	}
	for _, r := range t.from {
		to := r.loc
		to.Pack, to.Off = t.pack.number, t.pack.off
		t.pack.off += r.loc.Len
		t.moved = append(t.moved, to)
	}
	return nil
}

// move points the rows to the copies.
func (t *target) move(tx *db.Tx) error {
	for i, r := range t.from {
		moveBody(tx, r.id, r.loc, t.moved[i])
	}
	return nil
}

func (t *target) close() {
	if t.pack != nil {
		t.pack.close()
		t.pack = nil
	}
}
