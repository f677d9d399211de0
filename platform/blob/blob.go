// Package blob keeps message bodies: each sealed under a key of its own, in append-only files that are checked,
// synced in groups, and never changed once written.
//
// A small body is a record in a pack that many bodies share; one over Options.Spill is a file of its own. Where a
// body lies is a row of table body (sql.go), so that compaction can move it; what opens it is its key, which this
// package gives out once, in Stored, and never keeps: the caller wraps it under the account's data key.
//
// The order is always: body durable, then row, then the sender's 250. Deletion goes the other way round: row first,
// then octets. What lies in a pack without a row is dead weight and goes with the next compaction.
//
// Several processes may open one folder at once. Each appends only to packs that it created itself, all read all,
// and whoever holds the maintenance lock sweeps and compacts.
package blob

import (
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"time"

	"haven/platform/errs"
)

// ID names a body for good, whatever pack it lies in. Ids grow with time (roughly: in the order in which packs were
// begun) and are unique among all processes that share the folder. Zero names no body.
type ID int64

// Key opens one body: 32 random octets that no other body shares.
type Key [32]byte

// String hides the key from logs.
func (Key) String() string { return "(body key)" }

// GoString hides the key from %#v too.
func (Key) GoString() string { return "(body key)" }

// LogValue hides the key from structured logs.
func (Key) LogValue() slog.Value { return slog.StringValue("(body key)") }

// Loc is where a body lies. It is good until compaction moves the body: then a read ends with ErrMoved at the
// earliest an hour later, and the caller reads the row again.
type Loc struct {
	Pack int64 // number of the file
	Off  int64 // where its record begins in the file
	Len  int64 // octets of the record, header and table included
	Size int64 // octets of the body itself
}

// Stored is a body that is durable. Insert its row within Options.Grace, else it counts as given up and is removed.
type Stored struct {
	ID   ID
	Loc  Loc
	Key  Key
	Size int64
}

// Options relax or size a store. The zero value is what production uses.
type Options struct {
	Now    func() time.Time // default time.Now
	Rand   io.Reader        // source of keys and of the store's identity; default crypto/rand
	Logger *slog.Logger     // default discards

	Identity string // what STORE must hold, as the database remembers it; "" takes what is there (see Bind)
	ReadOnly bool   // founds nothing and stores nothing: for check, and for taking and reading a back-up

	PackSize int64 // a pack is closed when the next group would pass this; default 256 MiB
	Spill    int   // a record over this becomes a file of its own; default 1 MiB, at most that
	MaxBody  int64 // a larger body is refused; default 256 MiB

	Writers int           // bodies being written at once, each up to 32 KiB in memory; default 2,048
	Memory  int64         // octets for what is over these 32 KiB, all writers together; default 64 MiB
	Queue   int           // records that wait for the appender; default 1,024
	Handles int           // pack files kept open for reading; default 256
	Grace   time.Duration // how long a body may wait for its row, and an unreferenced one for its end; default 24 h
	Linger  time.Duration // how long an emptied pack stays for readers with an old Loc; default 1 h

	openFile openFunc // tests make writes and syncs fail with it
}

func (o Options) withDefaults() Options {
	def(&o.PackSize, 256<<20)
	def(&o.MaxBody, 256<<20)
	def(&o.Writers, 2048)
	def(&o.Memory, 64<<20)
	def(&o.Queue, 1024)
	def(&o.Handles, 256)
	def(&o.Grace, 24*time.Hour)
	def(&o.Linger, time.Hour)
	if o.Spill <= 0 || o.Spill > maxSpill {
		o.Spill = maxSpill
	}
	if o.Memory < bufferClasses[classStream] {
		o.Memory = bufferClasses[classStream]
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.openFile == nil {
		o.openFile = openReal
	}
	return o
}

func def[T int | int64 | time.Duration](v *T, to T) {
	if *v <= 0 {
		*v = to
	}
}

// ErrMoved says that the file of a location is no longer there. Read the row again, once: if the location is the
// same as before, the body is lost and `haven check` will say so; if the row is gone, so is the body.
var ErrMoved error = errs.E(errs.Transient, "The message was being moved. Try again.")

// ErrDamaged says that what lies at a location is not what was written: a wrong checksum, seal or length. It is
// the cause inside an Internal error, for errors.Is.
var ErrDamaged = fmt.Errorf("blob: damaged body")

// ErrHeld says that a back-up (or another process's maintenance) holds the folder. Nothing was done; try later.
var ErrHeld error = errs.E(errs.Transient, "A back-up is running.")

// Lost is the error for a body whose file is missing: ErrMoved came twice, and the row said the same both times.
func Lost(loc Loc, id ID) error { return damaged(loc, id, "its file is missing") }

func damaged(loc Loc, id ID, why string) error {
	return errs.Wrap(errs.Internal, fmt.Errorf("%w: body %d at %d in pack %s: %s", ErrDamaged, id, loc.Off, fileName(loc.Pack), why), "")
}
