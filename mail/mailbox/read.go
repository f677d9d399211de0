package mailbox

import (
	"cmp"
	"context"
	"slices"

	"haven"
	"haven/platform/db"
)

// View is a mailbox as one moment saw it: what SELECT answers. Its Runs may be shared with other sessions.
type View struct {
	Folder      Folder
	UIDs        *Runs
	FirstUnseen haven.UID // 0: none
}

// rowBatch is how many rows a listing reads in one snapshot before it lets go of it.
const rowBatch = 2000

// stepRows is how many rows one writing transaction touches, so that mail does not wait behind a large flag change.
const stepRows = 250

func scanRow(r db.Row) Row {
	return Row{
		UID: haven.UID(r.Int64(0)), Msg: haven.MessageID(r.Int64(1)), Flags: Flags(r.Int64(2)) & settable, Keywords: uint64(r.Int64(3)),
		Size: r.Int64(4), Received: fromMicros(r.Int64(5)), Created: haven.Seq(r.Int64(6)), Changed: haven.Seq(r.Int64(7)),
	}
}

// View opens a mailbox. The UIDs come from the cache where it is warm, brought up to date by what changed since.
func (s *Service) View(ctx context.Context, v Viewer, mb haven.MailboxNo) (*View, error) {
	key := viewKey{v.Account, mb}
	for {
		cached, warm := s.views.get(key)
		var view View
		err := s.read(ctx, v, func(tx *db.Tx) (err error) {
			if view.Folder, err = folderNo(tx, v.Account, mb); err != nil {
				return err
			}
			if view.UIDs, err = readUIDs(tx, v.Account, view.Folder, cached); err != nil || view.Folder.Unseen == 0 {
				return err
			}
			return tx.Query(sqlUnseen, []any{int64(v.Account), int64(mb)}, func(r db.Row) error {
				view.FirstUnseen = haven.UID(r.Int64(0))
				return nil
			})
		})
		if err != nil {
			return nil, err
		}
		if view.UIDs.Len() != int(view.Folder.Total) && warm {
			s.views.drop(key) // a folder restored or repaired under us: read it whole
			continue
		}
		s.views.put(key, view.Folder, view.UIDs)
		return &view, nil
	}
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
		ch, err = changesSince(tx, v.Account, f, since)
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

// joinRanges sorts ranges and joins those that touch.
func joinRanges(rs []Range) []Range {
	slices.SortFunc(rs, func(a, b Range) int { return cmp.Compare(a.Lo, b.Lo) })
	out := rs[:0]
	for _, r := range rs {
		if n := len(out); n > 0 && (out[n-1].Hi == MaxUID || r.Lo <= out[n-1].Hi+1) {
			out[n-1].Hi = max(out[n-1].Hi, r.Hi)
		} else {
			out = append(out, r)
		}
	}
	return out
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

// intersect is what two lists of ranges share; a is in order.
func intersect(a, b []Range) []Range {
	b = joinRanges(slices.Clone(b))
	var out []Range
	for i, j := 0, 0; i < len(a) && j < len(b); {
		if lo, hi := max(a[i].Lo, b[j].Lo), min(a[i].Hi, b[j].Hi); lo <= hi {
			out = append(out, Range{lo, hi})
		}
		if a[i].Hi < b[j].Hi {
			i++
		} else {
			j++
		}
	}
	return out
}

// Rows calls fn with the rows of the ranges in UID order, in batches; only those changed after changedSince when that is not 0. fn may not
// keep the slice.
func (s *Service) Rows(ctx context.Context, v Viewer, mb haven.MailboxNo, uids []Range, changedSince haven.Seq, fn func([]Row) error) error {
	buf := make([]Row, 0, 64)
	for _, rg := range joinRanges(slices.Clone(uids)) {
		for lo := rg.Lo; ; {
			buf = buf[:0]
			err := s.read(ctx, v, func(tx *db.Tx) (err error) {
				buf, err = readRows(tx, v.Account, mb, Range{lo, rg.Hi}, changedSince, rowBatch, buf[:0])
				return err
			})
			if err != nil {
				return err
			}
			if len(buf) == 0 {
				break
			}
			if err := fn(buf); err != nil {
				return err
			}
			if lo = buf[len(buf)-1].UID + 1; len(buf) < rowBatch || lo > rg.Hi || lo == 0 {
				break
			}
		}
	}
	return nil
}

func readRows(tx *db.Tx, account haven.AccountNo, mb haven.MailboxNo, rg Range, changedSince haven.Seq, limit int, buf []Row) ([]Row, error) {
	sql, args := sqlRows, []any{int64(account), int64(mb), int64(rg.Lo), int64(rg.Hi), int64(limit)}
	if changedSince > 0 {
		sql, args = sqlRowsFrom, append(args, int64(changedSince))
	}
	err := tx.Query(sql, args, func(r db.Row) error {
		buf = append(buf, scanRow(r))
		return nil
	})
	return buf, err
}

// Keywords are the names of the account's keywords; bit n of Row.Keywords is the name at index n.
func (s *Service) Keywords(ctx context.Context, v Viewer) (names []string, err error) {
	err = s.read(ctx, v, func(tx *db.Tx) error {
		names, err = keywords(tx, v.Account)
		return err
	})
	return names, err
}
