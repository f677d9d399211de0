package mailbox

import (
	"cmp"
	"context"
	"slices"

	"haven"
	"haven/platform/db"
)

// View is a mailbox as one moment saw it: what SELECT answers. Its Runs may be shared with other sessions. Of its Folder,
// as of that in Changes, Path, Subscribed and Children are not filled in.
type View struct {
	Folder      Folder
	UIDs        *Runs
	FirstUnseen haven.UID // 0: none, or, where each reads for oneself, one that is far back
	strange     bool      // each reads for oneself, and the viewer is no reader yet
}

func scanRow(r db.Row) Row {
	return Row{
		UID: haven.UID(r.Int64(0)), Msg: haven.MessageID(r.Int64(1)), Flags: Flags(r.Int64(2)) & settable, Keywords: uint64(r.Int64(3)),
		Size: r.Int64(4), Received: fromMicros(r.Int64(5)), Created: haven.Seq(r.Int64(6)), Changed: haven.Seq(r.Int64(7)), Thread: haven.MessageID(r.Int64(8)),
	}
}

// View opens a mailbox. The UIDs come from the cache where it is warm, brought up to date by what changed since.
func (s *Service) View(ctx context.Context, v Viewer, mb haven.MailboxNo) (*View, error) {
	key := viewKey{v.Account, mb}
	cached, warm := s.views.get(key)
	view, err := s.viewFrom(ctx, v, mb, cached)
	if err == nil && warm && view.UIDs.Len() != int(view.Folder.Total) {
		// A folder restored or repaired under us: it is read whole.
		s.views.drop(key)
		view, err = s.viewFrom(ctx, v, mb, cachedView{})
	}
	if err != nil {
		return nil, err
	}
	s.views.put(key, view.Folder, view.UIDs)
	if view.strange {
		if err := s.enrolViewer(ctx, v); err != nil {
			return nil, err
		}
		cached, _ = s.views.get(key)
		return s.viewFrom(ctx, v, mb, cached)
	}
	return view, nil
}

// viewFrom reads a mailbox in one snapshot, with what the cache remembers of it.
func (s *Service) viewFrom(ctx context.Context, v Viewer, mb haven.MailboxNo, cached cachedView) (*View, error) {
	var view View
	err := s.read(ctx, v, func(tx *db.Tx) (err error) {
		if view.Folder, err = folderNo(tx, v.Account, mb); err != nil {
			return err
		}
		if view.UIDs, err = readUIDs(tx, v.Account, view.Folder, cached); err != nil {
			return err
		}
		if view.Folder.own {
			view.strange, err = openOwn(tx, v, &view)
			return err
		}
		if view.Folder.Unseen == 0 {
			return nil
		}
		return tx.Query(sqlUnseen, []any{int64(v.Account), int64(mb)}, func(r db.Row) error {
			view.FirstUnseen = haven.UID(r.Int64(0))
			return nil
		})
	})
	return &view, err
}

// readUIDs are the UIDs of a mailbox: those cached, less what vanished and more what came since, or all of them.
func readUIDs(tx *db.Tx, account haven.AccountNo, f Folder, cached cachedView) (*Runs, error) {
	if cached.uids == nil || cached.validity != f.UIDValidity {
		b := builder{}
		err := tx.Query(sqlUIDs, []any{int64(account), int64(f.No)}, func(r db.Row) error {
			b.add(haven.UID(r.Int64(0)))
			return nil
		})
		return b.done(), err
	}
	if cached.seq == f.HighestModSeq {
		return cached.uids, nil
	}
	ch, err := changesSince(tx, account, f, cached.seq)
	if err != nil {
		return nil, err
	}
	return cached.uids.Remove(ch.Vanished).Append(newer(ch.New, cached.uids.Last())...), nil
}

func newer(rows []Row, than haven.UID) []haven.UID {
	uids := make([]haven.UID, 0, len(rows))
	for _, r := range rows {
		if r.UID > than {
			uids = append(uids, r.UID)
		}
	}
	return uids
}

// Changes is what happened in a mailbox since a point of the sequence: Folder.HighestModSeq of an earlier answer.
func (s *Service) Changes(ctx context.Context, v Viewer, mb haven.MailboxNo, since haven.Seq) (ch Changes, err error) {
	err = s.read(ctx, v, func(tx *db.Tx) error {
		f, err := folderNo(tx, v.Account, mb)
		if err != nil {
			return err
		}
		if ch, err = changesSince(tx, v.Account, f, since); err == nil && f.own {
			err = ownChanges(tx, v, &ch, since)
		}
		return err
	})
	return ch, err
}

func changesSince(tx *db.Tx, account haven.AccountNo, f Folder, since haven.Seq) (Changes, error) {
	ch := Changes{Folder: f}
	if f.HighestModSeq <= since {
		return ch, nil
	}
	err := tx.Query(sqlChanged, []any{int64(account), int64(f.No), int64(since)}, func(r db.Row) error {
		if row := scanRow(r); row.Created > since {
			ch.New = append(ch.New, row)
		} else {
			ch.Changed = append(ch.Changed, row)
		}
		return nil
	})
	if err != nil {
		return ch, err
	}
	byUID := func(a, b Row) int { return cmp.Compare(a.UID, b.UID) }
	slices.SortFunc(ch.New, byUID)
	slices.SortFunc(ch.Changed, byUID)
	ch.Vanished, err = vanishedSince(tx, account, f.No, since)
	return ch, err
}

func vanishedSince(tx *db.Tx, account haven.AccountNo, mb haven.MailboxNo, since haven.Seq) ([]Range, error) {
	var gone []Range
	err := tx.Query(sqlVanished, []any{int64(account), int64(mb), int64(since)}, func(r db.Row) error {
		gone = append(gone, Range{haven.UID(r.Int64(0)), haven.UID(r.Int64(1))})
		return nil
	})
	return joinRanges(gone), err
}

// Vanished are the UIDs that are gone since a point of the sequence, those within the ranges only when within is not
// nil. For a point more than policy.Mailbox.RestoreFor ago it may name UIDs that vanished before it (RFC 7162 §3.2.5.1 allows that).
func (s *Service) Vanished(ctx context.Context, v Viewer, mb haven.MailboxNo, since haven.Seq, within []Range) (out []Range, err error) {
	err = s.read(ctx, v, func(tx *db.Tx) error {
		if _, err := folderNo(tx, v.Account, mb); err != nil {
			return err
		}
		out, err = vanishedSince(tx, v.Account, mb, since)
		return err
	})
	if within != nil {
		out = intersect(out, within)
	}
	return out, err
}

// Rows calls fn with the rows of the ranges in UID order, in batches; only those changed after changedSince when that
// is not 0. No snapshot is held while fn runs. fn may not keep the slice.
func (s *Service) Rows(ctx context.Context, v Viewer, mb haven.MailboxNo, uids []Range, changedSince haven.Seq, fn func([]Row) error) error {
	buf := make([]Row, 0, 64)
	for w := newWalk(uids, s.list()); ; {
		part := w.next()
		if len(part) == 0 {
			return nil
		}
		var marks bool
		n, last := 0, haven.UID(0)
		err := s.read(ctx, v, func(tx *db.Tx) (err error) {
			buf, marks, err = readRows(tx, v.Account, mb, part, changedSince, w.most, buf[:0])
			if n = len(buf); err != nil || n == 0 {
				return err
			}
			if last = buf[n-1].UID; marks {
				err = showOwn(tx, v, buf)
			}
			return err
		})
		if err != nil {
			return err
		}
		w.done(part, n, last)
		if marks && changedSince > 0 {
			buf = slices.DeleteFunc(buf, func(r Row) bool { return r.Changed <= changedSince })
		}
		if len(buf) == 0 {
			continue
		}
		if err := fn(buf); err != nil {
			return err
		}
	}
}

// RowsOf are the rows of some messages in a mailbox, in UID order; those that are not in it are left out. With 0 for the mailbox it is one row of
// each message, in whatever folder. It is one snapshot, for a few thousand messages at most.
func (s *Service) RowsOf(ctx context.Context, v Viewer, mb haven.MailboxNo, msgs []haven.MessageID) (rows []Row, err error) {
	args := func(i int) []any { return []any{int64(v.Account), int64(mb), int64(msgs[i])} }
	sql := sqlRowsOf
	if mb == 0 {
		sql = sqlRowOf
		args = func(i int) []any { return []any{int64(v.Account), int64(msgs[i])} }
	}
	err = s.read(ctx, v, func(tx *db.Tx) error {
		rows = rows[:0]
		marks := false
		err := tx.QueryEach(sql, len(msgs), args, func(_ int, r db.Row) error {
			rows = append(rows, scanRow(r))
			marks = marks || Flags(r.Int64(2))&marked != 0
			return nil
		})
		if err == nil && marks {
			err = showOwn(tx, v, rows)
		}
		return err
	})
	slices.SortFunc(rows, func(a, b Row) int { return cmp.Compare(a.UID, b.UID) })
	return rows, err
}

// readRows appends the rows of some ranges to buf, at most limit of each. Where marks is true people have marks of their own on some of
// them, and they are as nobody sees them yet; those with such marks are there whenever they changed.
func readRows(tx *db.Tx, account haven.AccountNo, mb haven.MailboxNo, part []Range, changedSince haven.Seq, limit int, buf []Row) (_ []Row, marks bool, err error) {
	sql := sqlRows
	if changedSince > 0 {
		sql = sqlRowsFrom
	}
	args := func(i int) []any {
		a := []any{int64(account), int64(mb), int64(part[i].Lo), int64(part[i].Hi), int64(limit)}
		if changedSince > 0 {
			a = append(a, int64(changedSince))
		}
		return a
	}
	err = tx.QueryEach(sql, len(part), args, func(_ int, r db.Row) error {
		buf = append(buf, scanRow(r))
		marks = marks || Flags(r.Int64(2))&marked != 0
		return nil
	})
	return buf, marks, err
}

// Keywords are the names of the account's keywords; bit n of Row.Keywords is the name at index n.
func (s *Service) Keywords(ctx context.Context, v Viewer) (names []string, err error) {
	err = s.read(ctx, v, func(tx *db.Tx) error {
		names, err = keywords(tx, v.Account)
		return err
	})
	return names, err
}
