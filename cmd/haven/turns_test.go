package main

import (
	"io"
	"log/slog"
	"testing"
	"time"

	"haven/platform/db"
)

// openTwice opens one store in two houses, as two processes do.
func openTwice(t *testing.T) (one, other *house) {
	t.Helper()
	i := install(t).serve() // makes the folder
	i.stop()
	conf, err := loadConfig(i.conf)
	if err != nil {
		t.Fatal(err)
	}
	var all [2]*house
	for n := range all {
		h, err := openHouse(t.Context(), conf, slog.New(slog.NewTextHandler(io.Discard, nil)))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := h.close(); err != nil {
				t.Error(err)
			}
		})
		all[n] = h
	}
	return all[0], all[1]
}

// TestNodes: two processes never make ids with one number, also where the operating system numbers them alike, and one that
// lost its number takes another.
func TestNodes(t *testing.T) {
	t.Parallel()
	one, other := openTwice(t)
	if one.node.number == other.node.number {
		t.Errorf("both are %d", one.node.number)
	}
	was := other.node.number
	if err := one.db.Write(t.Context(), func(tx *db.Tx) error { // as if it had lapsed and a third had taken it
		tx.Exec(`UPDATE lease SET holder = 'third' WHERE name = $1`, nodeName(was))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := one.keepNode(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := other.keepNode(t.Context()); err != nil || other.node.number == was || other.node.number == one.node.number {
		t.Errorf("the lost number %d is %d now, %v", was, other.node.number, err)
	}
}

// TestNoFreeNumber: a process that lost its number and finds no other one goes on asking for the number that its ids hold.
func TestNoFreeNumber(t *testing.T) {
	t.Parallel()
	h, _ := openTwice(t)
	was := h.node.number
	if err := h.db.Write(t.Context(), func(tx *db.Tx) error {
		for n := range int64(nodes) {
			tx.Exec(`INSERT INTO lease (name, holder, until) VALUES ($1, 'third', $2) ON CONFLICT (name) DO UPDATE SET holder = excluded.holder`,
				nodeName(n), time.Now().Add(nodeLease).UnixMicro())
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := h.keepNode(t.Context()); err == nil || h.node.number != was {
		t.Errorf("%v; it asks for %d, and its ids hold %d", err, h.node.number, was)
	}
}

// TestWaitingSince: the oldest letters that wait are found, whatever state they are in.
func TestWaitingSince(t *testing.T) {
	t.Parallel()
	h, _ := openTwice(t)
	if queued, crowded, err := h.waitingSince(t.Context()); err != nil || !queued.IsZero() || !crowded.IsZero() {
		t.Fatal(queued, crowded, err)
	}
	held, full := time.Now().Add(-300*time.Hour).Truncate(time.Microsecond), time.Now().Add(-50*time.Hour).Truncate(time.Microsecond)
	if err := h.db.Write(t.Context(), func(tx *db.Tx) error {
		for n, at := range []time.Time{held, held.Add(time.Hour)} {
			tx.Exec(`INSERT INTO queue (id, created, body, key, size, sender, an, sign_as, flags, envid)
				VALUES ($1, $2, 1, $3, 1, '', 0, '', 0, '')`, at.UnixMicro()<<11|int64(n), at.UnixMicro(), []byte{1})
		}
		for n, at := range []time.Time{full.Add(time.Hour), full} {
			tx.Exec(`INSERT INTO crowd (id, at, body, key, size, sender, envid, junk, fields, trace)
				VALUES ($1, $2, 1, $3, 1, '', '', 0, '', '')`, int64(n+1), at.UnixMicro(), []byte{1})
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	queued, crowded, err := h.waitingSince(t.Context())
	if err != nil || !queued.Equal(held) || !crowded.Equal(full) {
		t.Errorf("queued %v, crowded %v, %v", queued, crowded, err)
	}
}
