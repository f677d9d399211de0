package audit

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"haven"
	"haven/platform/db"
	"haven/platform/db/dbtest"
)

type house struct {
	t    *testing.T
	d    *db.DB
	s    *Sealer
	keys note.Verifiers
	log  bytes.Buffer
}

func newHouse(t *testing.T, d *db.DB) *house {
	t.Helper()
	h := &house{t: t, d: d}
	skey, vkey, err := note.GenerateKey(nil, "haven.example/audit")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	h.keys = note.VerifierList(verifier)
	h.s = NewSealer(d, signer, slog.New(slog.NewTextHandler(&h.log, nil)))
	return h
}

var (
	ann  = haven.AccountID{1}
	shop = haven.AccountID{2}
)

func (h *house) record(n int) {
	h.t.Helper()
	err := h.d.Write(h.t.Context(), func(tx *db.Tx) error {
		for i := range n {
			Record(tx, Entry{At: time.Unix(int64(i), 0), Actor: haven.Actor{Person: ann, Place: "192.0.2.1", Program: "admin"},
				What: "test.done", On: shop, Rule: "test.rule", Note: fmt.Sprint(i)})
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) seal() int {
	h.t.Helper()
	n, err := h.s.Seal(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

func (h *house) verify(kept ...Head) Report {
	h.t.Helper()
	rep, err := Verify(h.t.Context(), h.d, h.keys, kept...)
	if err != nil {
		h.t.Fatal(err)
	}
	return rep
}

func TestAWholeLogVerifies(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		if rep := h.verify(); len(rep.Faults) > 0 {
			t.Errorf("empty log: %v", rep.Faults)
		}
		h.record(450)
		if rep := h.verify(); rep.Waiting != 450 || len(rep.Faults) > 0 {
			t.Errorf("before sealing: %+v", rep)
		}
		if n := h.seal(); n != 450 {
			t.Errorf("sealed %d, want 450", n)
		}
		if n := h.seal(); n != 0 {
			t.Errorf("sealed %d again", n)
		}
		h.record(3)
		h.seal()
		rep := h.verify()
		if rep.Head.N != 453 || rep.Waiting != 0 || len(rep.Faults) > 0 {
			t.Errorf("after sealing: %+v", rep)
		}
		if !strings.Contains(h.log.String(), "n=453") {
			t.Error("the head was not printed to the log")
		}
	}, Schema)
}

func TestEveryAlterationShows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, sql, fault string
	}{
		{"a note is changed", `UPDATE audit SET note = 'no' WHERE note = '5'`, "altered"},
		{"the time is changed", `UPDATE audit SET at = 99 WHERE note = '5'`, "gone"},
		{"the actor is changed", `UPDATE audit SET person = other WHERE note = '5'`, "altered"},
		{"the place is changed", `UPDATE audit SET place = '192.0.2.2' WHERE note = '5'`, "altered"},
		{"a record is deleted", `DELETE FROM audit WHERE note = '5'`, "gone"},
		{"a record and its seal are deleted", `DELETE FROM audit_seal WHERE n = 6`, "missing"},
		{"the end is deleted", `DELETE FROM audit_seal WHERE n > 15`, "ends here"},
		{"the end is deleted and the head moved", `UPDATE audit_head SET n = 15, hash = (SELECT hash FROM audit_seal WHERE n = 15)`, "another one"},
		{"the signature is replaced", `UPDATE audit_head SET note = ''`, "not signed"},
		{"a record is put in", `INSERT INTO audit SELECT at, 7, person, as_account, on_account, other, what, rule, note, place, program FROM audit WHERE note = '5'`, "beside the chain"},
		{"a hash is changed", `UPDATE audit_seal SET hash = (SELECT hash FROM audit_head) WHERE n = 3`, "altered"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				h := newHouse(t, d)
				h.record(20)
				h.seal()
				if err := d.Write(t.Context(), func(tx *db.Tx) error { tx.Exec(c.sql); return nil }); err != nil {
					t.Fatal(err)
				}
				rep := h.verify()
				for _, f := range rep.Faults {
					if strings.Contains(f.What, c.fault) {
						return
					}
				}
				t.Errorf("faults %v, want one that says %q", rep.Faults, c.fault)
			}, Schema)
		})
	}
}

func TestKeptHeadsShowACutOrRewrittenLog(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		h.record(5)
		h.seal()
		kept := h.verify().Head
		h.record(5)
		h.seal()
		if rep := h.verify(kept); len(rep.Faults) > 0 {
			t.Errorf("a true head: %v", rep.Faults)
		}
		wrong := kept
		wrong.Hash[0]++
		if rep := h.verify(wrong); len(rep.Faults) != 1 {
			t.Errorf("a head with another hash: %v", rep.Faults)
		}
		if rep := h.verify(Head{N: 11}); len(rep.Faults) != 1 {
			t.Errorf("a head beyond the end: %v", rep.Faults)
		}
	}, Schema)
}

func TestRecordsGoWithTheirTransaction(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			Record(tx, Entry{At: time.Unix(1, 0), What: "test.undone"})
			return context.Canceled
		})
		if err == nil {
			t.Fatal("the transaction did not fail")
		}
		if n := h.seal(); n != 0 {
			t.Errorf("%d records of a failed transaction", n)
		}
	}, Schema)
}

func TestSealersDoNotGetInEachOthersWay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		var wg sync.WaitGroup
		total := make(chan int, 4)
		h.record(700)
		for range 4 {
			wg.Go(func() {
				n, err := h.s.Seal(t.Context())
				if err != nil {
					t.Error(err)
				}
				total <- n
			})
		}
		wg.Wait()
		close(total)
		sum := 0
		for n := range total {
			sum += n
		}
		sum += h.seal()
		if rep := h.verify(); sum != 700 || rep.Head.N != 700 || len(rep.Faults) > 0 {
			t.Errorf("sealed %d: %+v", sum, rep)
		}
	}, Schema)
}

func TestAboutAndHostileText(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		h.record(3)
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			Record(tx, Entry{At: time.Unix(9, 0), What: "test.other", Other: ann,
				Actor: haven.Actor{Program: "evil\x00\r\n\xff" + strings.Repeat("é", 1000)}})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		h.seal()
		got, err := About(t.Context(), d, ann, 2)
		if err != nil || len(got) != 2 || got[0].What != "test.other" || got[0].N != 4 || got[1].Note != "2" {
			t.Fatalf("About = %+v, %v", got, err)
		}
		if p := got[0].Actor.Program; strings.ContainsAny(p, "\x00\r\n") || len(p) > longest {
			t.Errorf("program %q", p)
		}
		if rep := h.verify(); len(rep.Faults) > 0 {
			t.Errorf("faults %v", rep.Faults)
		}
	}, Schema)
}

// TestBesideALongLog: records that were put in are counted over a log of many pages, and no snapshot holds all of it.
func TestBesideALongLog(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		h.record(20)
		h.seal()
		h.record(3)
		if err := d.Write(t.Context(), func(tx *db.Tx) error {
			tx.Exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
				INSERT INTO audit SELECT a.at + n.i * 1000, n.i, a.person, a.as_account, a.on_account, a.other, a.what, a.rule, a.note, a.place, a.program
				FROM n, (SELECT * FROM audit WHERE note = '19' LIMIT 1) a`)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		before := d.Stats().Reads
		rep := h.verify()
		if len(rep.Faults) != 1 || !strings.HasPrefix(rep.Faults[0].What, "2500 records") || rep.Waiting != 3 {
			t.Errorf("%+v", rep)
		}
		if n := d.Stats().Reads - before; n < 5 {
			t.Errorf("%d snapshots", n)
		}
	}, Schema)
}
