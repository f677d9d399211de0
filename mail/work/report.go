package work

import (
	"context"
	"errors"

	"haven"
	"haven/mail/mailbox"
	"haven/platform/db"
	"haven/platform/errs"
)

var (
	errOwnersAlone = &errs.Error{Kind: errs.Denied, Rule: string(RuleReport), Say: "Only owners of the mailbox see this."}
	errNoReport    = &errs.Error{Kind: errs.Denied, Rule: string(RuleReport), Say: "Only of a premises' mailbox there is a report."}
)

// Report says what became of a shared mailbox in some days, to its owners. It is of what the mailbox holds: what was deleted for good has not arrived.
func (s *Service) Report(ctx context.Context, v mailbox.Viewer, from, until Day) (r Report, err error) {
	if err := refusal(MayReport(from, until, s.o.Policy.ReportDays)); err != nil {
		return r, err
	}
	f := ReportFacts{From: from, Until: until, Now: s.o.Clock.Now(), CheckWithin: s.o.Policy.CheckWithin, MostLate: s.o.Policy.ReportLate, Categories: map[haven.MessageID]string{}}
	var in folders
	x, err := s.board(ctx, v, func(tx *db.Tx, _ States) (err error) {
		if in, err = foldersIn(tx, v.Account); err == nil {
			err = s.reportFacts(tx, v, &f)
		}
		return err
	})
	if err != nil {
		return r, err
	}
	for thread, at := range x.of {
		f.Categories[thread] = at.category
	}
	x.mu.Unlock() // the rest may take its time
	end := db.Micros(until.End())
	err = s.o.Mail.Overview(ctx, v, func(o *mailbox.Overview) error {
		o.All(func(b *mailbox.Brief) {
			if what := in.what(b); what != 0 && b.Received < end {
				f.Moments = append(f.Moments, Moment{b.Thread, b.ReceivedAt(), what})
			}
		})
		return nil
	})
	if err != nil {
		return r, err
	}
	return MakeReport(f), nil
}

// reportFacts reads what stands in tables. The viewer manages the mailbox.
func (s *Service) reportFacts(tx *db.Tx, v mailbox.Viewer, f *ReportFacts) error {
	rights, _, err := s.o.Access.In(tx, v.Person, v.Account)
	if err == nil && !rights.Has(haven.Manage) {
		err = errOwnersAlone
	}
	if err == nil {
		if f.Opening, err = s.checked(tx, v.Account); errors.Is(err, errNoCheck) {
			err = errNoReport
		}
	}
	if err != nil {
		return err
	}
	f.Moments, f.Deadlines, f.Checks = nil, nil, map[Day]Check{}
	begin, end := db.Micros(f.From.Begin()), db.Micros(f.Until.End())
	err = tx.Query(sqlDoneFor, []any{int64(v.Account), begin, end}, func(r db.Row) error {
		f.Moments = append(f.Moments, Moment{haven.MessageID(r.Int64(0)), db.Moment(r.Int64(1)), Finish})
		return nil
	})
	if err != nil {
		return err
	}
	err = tx.Query(sqlDueIn, []any{int64(v.Account), begin, end}, func(r db.Row) error { f.Deadlines = append(f.Deadlines, scanDeadline(r, 0)); return nil })
	if err != nil {
		return err
	}
	return tx.Query(sqlChecksIn, []any{int64(v.Account), int64(f.From), int64(f.Until)}, func(r db.Row) error {
		c := scanCheck(r)
		f.Checks[c.Day] = c
		return nil
	})
}

// folders are those of an account whose letters nobody has to handle.
type folders struct{ sent, drafts, scheduled, junk haven.MailboxNo }

func foldersIn(tx *db.Tx, account haven.AccountNo) (in folders, err error) {
	for role, no := range map[mailbox.Role]*haven.MailboxNo{mailbox.Sent: &in.sent, mailbox.Drafts: &in.drafts, mailbox.Scheduled: &in.scheduled, mailbox.Junk: &in.junk} {
		if err == nil {
			*no, err = mailbox.FolderOf(tx, account, role)
		}
	}
	return in, err
}

// what a message is for a report; 0: nothing.
func (in folders) what(b *mailbox.Brief) What {
	switch {
	case b.In(in.sent):
		return Sent
	case b.Folder == in.drafts || b.Folder == in.scheduled || b.Folder == in.junk:
		return 0
	}
	return Came
}
