package work_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/work"
	"haven/platform/db"
	"haven/platform/errs"
)

var toRecord = work.ToRecord{Patient: "943 476 5919", Reference: "PMR 4711", Formats: []work.Format{work.PDF, work.FHIR}}

func (h *shop) filed(f mailbox.Filed, v mailbox.Viewer, again bool) work.Filing {
	h.t.Helper()
	w := toRecord
	w.Msg, w.Again = f.Msg, again
	made, _, err := h.FileToRecord(h.t.Context(), v, w)
	must(h.t, err)
	return made
}

func (h *shop) known(v mailbox.Viewer, which work.WhichFilings) (all []work.Filing) {
	h.t.Helper()
	which.Most = 100
	ids, err := h.FilingsOf(h.t.Context(), v, which)
	must(h.t, err)
	must(h.t, h.Filings(h.t.Context(), v, ids, func(f work.Filing) { all = append(all, f) }))
	return all
}

func TestFileToRecord(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *shop) {
		f, id := h.arrives()
		answer, _ := h.arrives(id)
		h.updates(h.ben, f.Msg, claim(h.ben))
		st, err := h.States(t.Context(), h.ben)
		must(t, err)
		made := h.filed(f, h.aisha, false)
		h.marked(f, mailbox.KeywordHandled, mailbox.KeywordFiled)
		h.marked(answer, mailbox.KeywordHandled)
		if made.Patient != "9434765919" || made.Thread != f.Msg || made.By != h.aisha.Person {
			t.Errorf("filed: %+v", made)
		}
		for _, which := range []work.WhichFilings{{}, {Msg: &f.Msg}, {Thread: &f.Msg}, {Msg: &f.Msg, Thread: &f.Msg}} {
			if all := h.known(h.ben, which); len(all) != 1 || all[0].Patient != "9434765919" || all[0].Reference != "PMR 4711" || !slices.Equal(all[0].Formats, toRecord.Formats) {
				t.Errorf("a colleague reads %+v", all)
			}
		}
		for _, which := range []work.WhichFilings{{Msg: &answer.Msg}, {Msg: &f.Msg, Thread: &answer.Msg}} {
			if all := h.known(h.ben, which); len(all) != 0 {
				t.Errorf("of another: %+v", all)
			}
		}
		from := mailbox.Point{State: mailbox.State{Seq: st.Seqs[work.Filings], Epoch: st.Epoch}, Origin: st.Seqs[work.Filings]}
		d, err := h.Changes(t.Context(), h.ben, work.Filings, from, 0)
		if must(t, err); !slices.Equal(d.Created, []int64{int64(made.ID)}) {
			t.Errorf("changes are %+v", d)
		}
		h.updates(h.ben, f.Msg, work.Wish{Move: true, Status: work.Done}) // another state leaves it
		h.marked(f, mailbox.KeywordFiled, mailbox.KeywordDone)

		w := toRecord
		w.Msg = f.Msg
		_, before, err := h.FileToRecord(t.Context(), h.ben, w)
		refused(t, err, work.RuleFiled)
		if before == nil || before.By != h.aisha.Person || !strings.Contains(err.Error(), "Aisha Khan") {
			t.Errorf("who filed it before: %+v, %v", before, err)
		}
		again := h.filed(f, h.ben, true)

		refused(t, h.TakeBackFiling(t.Context(), h.ben, made.ID), work.RuleFilingNotYours)
		must(t, h.TakeBackFiling(t.Context(), h.aisha, made.ID))
		h.marked(f, mailbox.KeywordFiled, mailbox.KeywordDone)
		must(t, h.TakeBackFiling(t.Context(), h.ben, again.ID))
		h.marked(f, mailbox.KeywordDone)
		if err := h.TakeBackFiling(t.Context(), h.ben, again.ID); !errs.Is(err, errs.NotFound) {
			t.Errorf("taken back twice: %v", err)
		}
	})
}

// Of whom something was filed lies nowhere open, not in the audit log either.
func TestFilingIsSealed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *shop) {
		f, _ := h.arrives()
		made := h.filed(f, h.aisha, false)
		must(t, h.TakeBackFiling(t.Context(), h.aisha, made.ID))
		h.filed(f, h.aisha, false)
		must(t, h.DB.Read(t.Context(), func(tx *db.Tx) error {
			open := func(s string) {
				if strings.Contains(s, "9434765919") || strings.Contains(s, "4711") {
					t.Errorf("it lies open: %q", s)
				}
			}
			var said []string
			err := tx.Query(`SELECT sealed FROM work_filing`, nil, func(r db.Row) error { open(string(r.Bytes(0))); return nil })
			err = errors.Join(err, tx.Query(`SELECT what, note FROM audit ORDER BY at, nonce`, nil, func(r db.Row) error {
				open(r.Text(1))
				said = append(said, r.Text(0))
				return nil
			}))
			slices.Sort(said) // the clock stands
			if !slices.Equal(said, []string{"work.filed", "work.filed", "work.filing-taken-back"}) {
				t.Errorf("the log says %v", said)
			}
			return err
		}))
	})
}

func TestWhoMayFile(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *shop) {
		f, _ := h.arrives()
		w := toRecord
		w.Msg = f.Msg
		h.Grants.Set(h.ben.Person, h.box, haven.Read)
		_, _, err := h.FileToRecord(t.Context(), h.ben, w)
		if !errs.Is(err, errs.Denied) {
			t.Errorf("who only reads files: %v", err)
		}
		if all := h.known(h.ben, work.WhichFilings{}); len(all) != 0 {
			t.Errorf("filed: %+v", all)
		}
		h.Grants.Set(h.cara.Person, h.box, 0)
		_, _, err = h.FileToRecord(t.Context(), h.cara, w)
		if !errs.Is(err, errs.NotFound) {
			t.Errorf("a stranger: %v", err)
		}
		w.Msg = 4711
		_, _, err = h.FileToRecord(t.Context(), h.aisha, w)
		if !errs.Is(err, errs.NotFound) {
			t.Errorf("a message that there is not: %v", err)
		}
		_, err = h.Store.Store(t.Context(), h.aisha, f.Mailbox, []mailbox.Range{{Lo: f.UID, Hi: f.UID}}, mailbox.FlagChange{Op: mailbox.AddFlags, Flags: mailbox.Draft})
		must(t, err)
		w.Msg = f.Msg
		_, _, err = h.FileToRecord(t.Context(), h.aisha, w)
		refused(t, err, work.RuleFileDraft)
	})
}

// What was filed can be deleted and put back for years; when its time has come it goes, and what was filed with it.
func TestFiledIsKept(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *shop) {
		ctx := t.Context()
		f, _ := h.arrives()
		other, _ := h.arrives()
		made := h.filed(f, h.aisha, false)
		for _, msg := range []mailbox.Edit{{Msg: f.Msg, Destroy: true}, {Msg: other.Msg, Destroy: true}} {
			res, err := h.EditMessages(ctx, h.aisha, []mailbox.Edit{msg})
			must(t, errors.Join(err, res.Errors[0]))
		}
		h.Clock.Advance(made.KeepUntil.Sub(h.Clock.Now()) - time.Hour)
		must(t, h.Maintain(ctx))
		if _, err := h.Body(ctx, h.aisha, other.Msg); !errs.Is(err, errs.NotFound) {
			t.Errorf("what was not filed is kept: %v", err)
		}
		back, err := h.Undelete(ctx, h.box, mailbox.Expunged{Until: h.Clock.Now()}, 0, func(*db.Tx, []mailbox.Filed) {})
		if must(t, err); len(back) != 1 || back[0].Msg != f.Msg {
			t.Fatalf("put back: %+v", back)
		}
		h.marked(back[0], mailbox.KeywordFiled)
		res, err := h.EditMessages(ctx, h.aisha, []mailbox.Edit{{Msg: f.Msg, Destroy: true}})
		must(t, errors.Join(err, res.Errors[0]))
		h.Clock.Advance(60 * 24 * time.Hour)
		must(t, h.Maintain(ctx))
		if _, err := h.Body(ctx, h.aisha, f.Msg); !errs.Is(err, errs.NotFound) {
			t.Errorf("it is kept longer than it has to be: %v", err)
		}
		run, cancel := context.WithCancel(ctx)
		var wg sync.WaitGroup
		wg.Go(func() { h.Run(run) })
		must(t, h.Clock.Await(ctx, 1)) // it rests
		cancel()
		wg.Wait()
		if all := h.known(h.ben, work.WhichFilings{}); len(all) != 0 {
			t.Errorf("of whom it was filed is still known: %+v", all)
		}
	})
}
