package sending

import (
	"cmp"
	"context"
	"slices"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mime"
	"haven/platform/db"
	"haven/platform/secret"
)

// mostReports is how many messages are remembered that report on one submission; a letter has a hundred recipients, and each may be told of twice.
const mostReports = 200

// refer writes down by what a submission's letter is known to who reports on it.
func refer(tx *db.Tx, keys *secret.AccountKeys, account haven.AccountNo, id ID, messageID string, e Envelope) error {
	refs, err := mailbox.LetterRefs(keys, messageID, cmp.Or(value(e.From.Parameters["ENVID"]), SubmissionID(id)))
	for _, ref := range refs {
		tx.Exec(sqlInsertRef, int64(account), ref, int64(id))
	}
	return err
}

// messageID is a message's Message-ID without angle brackets; "" where it has none, or no single one.
func (s *Service) messageID(ctx context.Context, v mailbox.Viewer, msg haven.MessageID) (id string, err error) {
	err = s.o.Mail.Infos(ctx, v, []haven.MessageID{msg}, func(_ int, info *mailbox.Info) error {
		if ids := mime.MessageIDs(info.Meta.Envelope.MessageID); len(ids) == 1 {
			id = ids[0]
		}
		return nil
	})
	return id, err
}

// mostReported are the submissions of one letter, the last ones, with which a report is noted that does not say of which it is.
const mostReported = 20

// Reported notes that a message reports on what was sent with some submissions. It is mailbox.Options.Reported.
func Reported(tx *db.Tx, account haven.AccountNo, r mailbox.Report, seq haven.Seq) error {
	ids, err := referred(tx, account, r.Refs)
	if err != nil {
		return err
	}
	for _, id := range ids[:min(len(ids), mostReported)] {
		had := 0
		if err := tx.Query(sqlReportCount, []any{int64(account), id}, countInto(&had)); err != nil {
			return err
		}
		if had < mostReports {
			tx.Exec(sqlInsertReport, int64(account), id, int64(r.Msg), int64(r.Kind))
			tx.Exec(sqlTouchReported, int64(account), id, int64(seq))
		}
	}
	return nil
}

// referred are the submissions of a letter by its names, the last first: where one message was sent more than once, those alone that all names fit.
func referred(tx *db.Tx, account haven.AccountNo, refs []int64) (ids []int64, err error) {
	for _, ref := range refs {
		var named, both []int64
		err := tx.Query(sqlReferred, []any{int64(account), ref}, func(r db.Row) error { named = append(named, r.Int64(0)); return nil })
		if err != nil {
			return nil, err
		}
		for _, id := range named {
			if slices.Contains(ids, id) {
				both = append(both, id)
			}
		}
		switch {
		case len(ids) == 0:
			ids = named
		case len(both) > 0: // else the surer name decides
			ids = both
		}
	}
	return ids, nil
}

// reports reads which messages report on submissions.
func reports(tx *db.Tx, account haven.AccountNo, all []Submission) error {
	return tx.QueryEach(sqlReports, len(all), func(i int) []any { return []any{int64(account), int64(all[i].ID)} }, func(i int, r db.Row) error {
		msg := haven.MessageID(r.Int64(0))
		if mime.ReportKind(r.Int64(1)) == mime.DispositionReport {
			all[i].MDNs = append(all[i].MDNs, msg)
		} else {
			all[i].DSNs = append(all[i].DSNs, msg)
		}
		return nil
	})
}

// inSight leaves of the reports those that the account still shows.
func (s *Service) inSight(ctx context.Context, v mailbox.Viewer, all []Submission) error {
	any := false
	for _, sub := range all {
		any = any || len(sub.DSNs)+len(sub.MDNs) > 0
	}
	if !any {
		return nil
	}
	return s.o.Mail.Overview(ctx, v, func(o *mailbox.Overview) error {
		there := func(list []haven.MessageID) (kept []haven.MessageID) {
			for _, msg := range list {
				if _, ok := o.Find(msg); ok {
					kept = append(kept, msg)
				}
			}
			return kept
		}
		for i := range all {
			all[i].DSNs, all[i].MDNs = there(all[i].DSNs), there(all[i].MDNs)
		}
		return nil
	})
}
