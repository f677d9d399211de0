package work

import (
	"context"
	"encoding/binary"
	"strings"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/secret"
)

var errNoFiling = errs.E(errs.NotFound, "There is no such filing any more.")

// ToRecord is a message about to be filed to a patient's record.
type ToRecord struct {
	Msg       haven.MessageID
	Patient   string // the NHS number, as a person wrote it
	Reference string
	Formats   []Format
	Again     bool // though it was filed already
}

// filingName binds what is sealed of a filing to its row.
func filingName(account haven.AccountNo, id haven.Seq) []byte {
	name := binary.LittleEndian.AppendUint64([]byte("work filing "), uint64(account))
	return binary.LittleEndian.AppendUint64(name, uint64(id))
}

// FileToRecord notes that a message was filed. The viewer may write. It is refused by MayFile, NotFound where there is no such message; where it was filed
// already, before is the last time.
func (s *Service) FileToRecord(ctx context.Context, v mailbox.Viewer, w ToRecord) (f Filing, before *Filing, err error) {
	keys, err := s.keysFor(ctx, v)
	if err != nil {
		return f, nil, err
	}
	err = s.o.Mail.Change(ctx, v, haven.Write, func(c *mailbox.Change) error {
		f, before, err = s.fileIn(c, v, w, keys)
		return err
	})
	return f, before, err
}

func (s *Service) fileIn(c *mailbox.Change, v mailbox.Viewer, w ToRecord, keys *secret.AccountKeys) (f Filing, before *Filing, err error) {
	thread, draft, err := c.Letter(w.Msg)
	if err != nil {
		return f, nil, err
	}
	all, err := filingsOf(c.Tx, v.Account, w.Msg)
	if err != nil {
		return f, nil, err
	}
	facts := FilingFacts{Draft: draft, Before: len(all), Most: s.o.Policy.Filings, Runes: s.o.Policy.ReferenceRunes}
	if n := len(all); n > 0 {
		before = &all[n-1]
		facts.At = before.At
		if facts.Name, err = s.nameIn(c.Tx, before.By); err != nil {
			return f, nil, err
		}
	}
	if err := refusal(MayFile(facts, w)); err != nil {
		return f, before, err
	}
	f, err = s.newFiling(c, v, thread, w, keys)
	if err == nil {
		err = s.settleKept(c, w.Msg, append(all, f))
	}
	if err == nil {
		err = s.record(c.Tx, v, "work.filed", RuleFile, mailbox.EmailID(w.Msg))
	}
	return f, nil, err
}

func (s *Service) newFiling(c *mailbox.Change, v mailbox.Viewer, thread haven.MessageID, w ToRecord, keys *secret.AccountKeys) (Filing, error) {
	patient, err := haven.ParseNHSNumber(w.Patient)
	if err != nil {
		return Filing{}, err
	}
	now, id := s.o.Clock.Now(), c.Seq()
	f := Filing{ID: id, Msg: w.Msg, Thread: thread, By: v.Person, At: now, KeepUntil: KeepUntil(now, s.o.Policy.RecordYears), Formats: w.Formats, Patient: patient,
		Reference: strings.TrimSpace(w.Reference), Created: id, Changed: id}
	sealed, err := keys.Seal(nil, []byte(string(f.Patient)+"\n"+f.Reference), filingName(v.Account, id))
	if err == nil {
		c.Tx.Exec(sqlPutFiling, int64(v.Account), int64(id), int64(f.Msg), int64(thread), int64(f.By), db.Micros(f.At), db.Micros(f.KeepUntil), joined(f.Formats), sealed, int64(id), int64(id))
	}
	return f, err
}

// settleKept has a message carry the keyword and be kept as long as what it was filed as asks for.
func (s *Service) settleKept(c *mailbox.Change, msg haven.MessageID, all []Filing) error {
	var until time.Time
	for _, f := range all {
		if f.KeepUntil.After(until) {
			until = f.KeepUntil
		}
	}
	c.Keep(msg, until)
	return c.MarkFiled(msg, len(all) > 0)
}

func joined(formats []Format) string {
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = string(f)
	}
	return strings.Join(names, " ")
}

func scanFiling(r db.Row) (f Filing, sealed []byte) {
	f = Filing{ID: haven.Seq(r.Int64(0)), Msg: haven.MessageID(r.Int64(1)), Thread: haven.MessageID(r.Int64(2)), By: haven.AccountNo(r.Int64(3)), At: db.Moment(r.Int64(4)),
		KeepUntil: db.Moment(r.Int64(5)), Created: haven.Seq(r.Int64(8)), Changed: haven.Seq(r.Int64(9))}
	for _, name := range strings.Fields(r.Text(6)) {
		f.Formats = append(f.Formats, Format(name))
	}
	return f, append(sealed, r.Bytes(7)...)
}

// filingsOf are those of a message, the oldest first, without what is sealed of them.
func filingsOf(tx *db.Tx, account haven.AccountNo, msg haven.MessageID) (all []Filing, err error) {
	err = tx.Query(sqlFilingsOf, []any{int64(account), int64(msg)}, func(r db.Row) error {
		f, _ := scanFiling(r)
		all = append(all, f)
		return nil
	})
	return all, err
}

func filingIn(tx *db.Tx, account haven.AccountNo, id haven.Seq) (f Filing, sealed []byte, err error) {
	err = tx.Query(sqlFiling, []any{int64(account), int64(id)}, func(r db.Row) error { f, sealed = scanFiling(r); return nil })
	if err == nil && f.ID == 0 {
		err = errNoFiling
	}
	return f, sealed, err
}

// TakeBackFiling takes away that a message was filed, as MayTakeBack has it. The audit log keeps both.
func (s *Service) TakeBackFiling(ctx context.Context, v mailbox.Viewer, id haven.Seq) error {
	return s.o.Mail.Change(ctx, v, haven.Write, func(c *mailbox.Change) error {
		f, _, err := filingIn(c.Tx, v.Account, id)
		if err == nil {
			err = refusal(MayTakeBack(f, v.Person, s.o.Policy.TakeBackWithin, s.o.Clock.Now()))
		}
		if err != nil {
			return err
		}
		dropFiling(c, f.ID, f.Created)
		left, err := filingsOf(c.Tx, v.Account, f.Msg)
		if err == nil {
			err = s.settleKept(c, f.Msg, left)
		}
		if err == nil {
			err = s.record(c.Tx, v, "work.filing-taken-back", RuleTakeBack, mailbox.EmailID(f.Msg))
		}
		return err
	})
}

func dropFiling(c *mailbox.Change, id, created haven.Seq) {
	c.Tx.Exec(sqlDropFiling, int64(c.Account), int64(id))
	c.Tx.Exec(sqlPutFilingGone, int64(c.Account), int64(id), int64(created), int64(c.Seq()))
}

// Filings calls each with filings by number; what is not there is left out.
func (s *Service) Filings(ctx context.Context, v mailbox.Viewer, ids []haven.Seq, each func(Filing)) error {
	keys, err := s.keysFor(ctx, v)
	if err != nil {
		return err
	}
	return s.o.Mail.Look(ctx, v, func(tx *db.Tx, _ mailbox.States) error {
		for _, id := range ids {
			f, sealed, err := filingIn(tx, v.Account, id)
			if errs.Is(err, errs.NotFound) {
				continue
			}
			if err != nil {
				return err
			}
			text, err := keys.Open(nil, sealed, filingName(v.Account, id))
			if err != nil {
				return err
			}
			patient, reference, _ := strings.Cut(string(text), "\n")
			f.Patient, f.Reference = haven.NHSNumber(patient), reference
			each(f)
		}
		return nil
	})
}

// WhichFilings says of which filings the numbers are asked: of a message, of a thread, or of a message in a thread, at most so many; without both of all of the account.
type WhichFilings struct {
	Msg    *haven.MessageID
	Thread *haven.MessageID
	Most   int
}

// FilingsOf are the numbers of filings, the oldest first.
func (s *Service) FilingsOf(ctx context.Context, v mailbox.Viewer, w WhichFilings) (ids []haven.Seq, err error) {
	err = s.o.Mail.Look(ctx, v, func(tx *db.Tx, _ mailbox.States) error {
		sql, args := sqlAllFilings, []any{int64(v.Account), int64(w.Most)}
		switch {
		case w.Msg != nil:
			in := int64(-1)
			if w.Thread != nil {
				in = int64(*w.Thread)
			}
			sql, args = sqlMessageFiled, []any{int64(v.Account), int64(*w.Msg), int64(w.Most), in}
		case w.Thread != nil:
			sql, args = sqlThreadFiled, []any{int64(v.Account), int64(*w.Thread), int64(w.Most)}
		}
		return tx.Query(sql, args, func(r db.Row) error { ids = append(ids, haven.Seq(r.Int64(0))); return nil })
	})
	return ids, err
}

// sweepEvery is how often filings are looked for whose time has come: they are counted in years.
const sweepEvery = 24 * time.Hour

// forgetFilings lets go of filings whose time has come and whose message is gone, some at a time: until then it is known of whom something was filed, and no longer.
func (s *Service) forgetFilings(ctx context.Context) error {
	if now := s.o.Clock.Now(); now.Sub(s.swept) < sweepEvery {
		return nil
	}
	for n := releaseStep; n == releaseStep; {
		all, err := s.filingsDue(ctx)
		for i := 0; i < len(all) && err == nil; i++ {
			err = s.o.Mail.ChangeByItself(ctx, all[i].account, func(c *mailbox.Change) error { dropFiling(c, all[i].id, all[i].created); return nil })
			if errs.Is(err, errs.NotFound) { // nobody hears of a mailbox that is gone
				err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
					tx.Exec(sqlDropFiling, int64(all[i].account), int64(all[i].id))
					return nil
				})
			}
		}
		if n = len(all); err != nil {
			return err
		}
	}
	s.swept = s.o.Clock.Now()
	return nil
}

// filingDue is a filing that nothing asks to be remembered any more.
type filingDue struct {
	account     haven.AccountNo
	id, created haven.Seq
}

func (s *Service) filingsDue(ctx context.Context) (all []filingDue, err error) {
	err = s.o.DB.Read(ctx, func(tx *db.Tx) error {
		all = nil
		return tx.Query(sqlFilingsDue, []any{db.Micros(s.o.Clock.Now()), int64(releaseStep)}, func(r db.Row) error {
			all = append(all, filingDue{haven.AccountNo(r.Int64(0)), haven.Seq(r.Int64(1)), haven.Seq(r.Int64(2))})
			return nil
		})
	})
	return all, err
}
