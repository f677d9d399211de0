package mailbox

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"haven"
	"haven/platform/db"
	"haven/platform/errs"
)

// RuleStateLost is the rule by which nobody can say what changed since a state: it is too long ago, or of before a restore.
const RuleStateLost = "mailbox.state-lost"

var errStateLost = &errs.Error{Kind: errs.Invalid, Rule: RuleStateLost, Say: "What changed since then is not remembered any more. Read the mailbox anew."}

// Point is a state to go on from. Origin is where the one who asks began: what came after it may not have been told as new yet,
// since not all of it fitted into one answer.
type Point struct {
	State
	Origin haven.Seq // Seq, where all before it was told
}

// Delta is what happened to an account's messages after a point, in the order in which it happened.
type Delta struct {
	Until                       Point
	More                        bool // there is more after Until
	Created, Updated, Destroyed []haven.MessageID
	Folders                     map[haven.MailboxNo]bool // in which something came, went or changed
}

// Since is what happened to an account's messages after a point, in at most as many steps of the sequence as bring most messages (0: all).
// It is errStateLost where that is not known, or where one step alone brings more than most.
func (s *Service) Since(ctx context.Context, v Viewer, from Point, most int) (d Delta, err error) {
	err = s.read(ctx, v, func(tx *db.Tx) error {
		st, err := states(tx, v)
		if err != nil {
			return err
		}
		if err := st.mail(from); err != nil {
			return err
		}
		g := gatherer{tx: tx, v: v, st: st, from: from, most: most}
		d, err = g.delta()
		return err
	})
	return d, err
}

// mail is nil where all that happened to the mail after a point is known.
func (st States) mail(p Point) error {
	if p.Seq > st.Mail {
		return errStateLost
	}
	return st.Remembers(p)
}

// event is one change of one place.
type event struct {
	msg     haven.MessageID
	mb      haven.MailboxNo
	changed haven.Seq
}

// gatherer collects what happened, in one snapshot.
type gatherer struct {
	tx    *db.Tx
	v     Viewer
	st    States
	from  Point
	most  int
	until haven.Seq
	more  bool
}

func (g *gatherer) delta() (Delta, error) {
	events, err := g.events()
	if err != nil {
		return Delta{}, err
	}
	d := Delta{Until: Point{State{g.until, g.st.Epoch}, g.from.Origin}, More: g.more, Folders: map[haven.MailboxNo]bool{}}
	if !g.more {
		d.Until.Seq, d.Until.Origin = g.st.Mail, g.st.Mail
	}
	last := map[haven.MessageID]haven.Seq{}
	for _, e := range events {
		d.Folders[e.mb] = true
		last[e.msg] = max(last[e.msg], e.changed)
	}
	msgs := slices.SortedFunc(maps.Keys(last), func(a, b haven.MessageID) int { return cmp.Or(cmp.Compare(last[a], last[b]), cmp.Compare(a, b)) })
	if g.most > 0 && len(msgs) > g.most {
		return Delta{}, errStateLost
	}
	return d, g.tell(&d, msgs)
}

// tell says of each message what became of it.
func (g *gatherer) tell(d *Delta, msgs []haven.MessageID) error {
	type life struct {
		visible bool
		since   haven.Seq // the first place that is known of: of those that are, or vanished after the point
	}
	lives := make([]life, len(msgs))
	learn := func(i int, created haven.Seq) {
		if l := &lives[i]; l.since == 0 || created < l.since {
			l.since = max(created, 1)
		}
	}
	args := func(i int) []any { return []any{int64(g.v.Account), int64(msgs[i])} }
	err := g.tx.QueryEach(sqlPlacesOf, len(msgs), args, func(i int, r db.Row) error {
		p := scanSpot(r)
		learn(i, p.Created)
		lives[i].visible = lives[i].visible || p.Flags&Deleted == 0
		return nil
	})
	if err != nil {
		return err
	}
	err = g.tx.QueryEach(sqlGoneOf, len(msgs), args, func(i int, r db.Row) error {
		if haven.Seq(r.Int64(1)) > g.from.Origin {
			learn(i, haven.Seq(r.Int64(0)))
		}
		return nil
	})
	for i, msg := range msgs {
		switch l := lives[i]; {
		case !l.visible && l.since <= g.from.Seq:
			d.Destroyed = append(d.Destroyed, msg)
		case !l.visible: // it came and went
		case l.since > g.from.Origin:
			d.Created = append(d.Created, msg)
		default:
			d.Updated = append(d.Updated, msg)
		}
	}
	return err
}

// spare is how many more changes are read than messages are asked for: messages in several places, and those that came and went.
const spare = 200

// events are the changes after the point, up to until.
func (g *gatherer) events() ([]event, error) {
	limit := int64(1) << 40
	if g.most > 0 {
		limit = int64(g.most + spare)
	}
	g.until = g.st.Mail
	for {
		all, cut, err := g.read(limit, g.until)
		if err != nil || cut == 0 {
			return g.fit(all), err
		}
		// What came last may have come with more that was not read: it is left for the next answer, unless it is all there is.
		g.more = true
		if all[0].changed < cut {
			g.until = cut - 1
			return g.fit(slices.DeleteFunc(all, func(e event) bool { return e.changed >= cut })), nil
		}
		limit, g.until = 1<<40, cut
	}
}

// fit leaves the last changes out where they bring more messages than were asked for.
func (g *gatherer) fit(all []event) []event {
	if g.most == 0 {
		return all
	}
	seen := map[haven.MessageID]bool{}
	for i, e := range all {
		if seen[e.msg] = true; len(seen) <= g.most {
			continue
		}
		first := i
		for first > 0 && all[first-1].changed == e.changed {
			first--
		}
		if first == 0 {
			return all // one step alone: delta refuses it
		}
		g.more, g.until = true, all[first-1].changed
		return all[:first]
	}
	return all
}

// read reads changes up to a number; cut is the number from which on some may be missing, 0 where none is.
func (g *gatherer) read(limit int64, until haven.Seq) (all []event, cut haven.Seq, err error) {
	args := []any{int64(g.v.Account), int64(g.from.Seq), limit, int64(until)}
	for _, sql := range []string{sqlPlacedSince, sqlGoneSince, sqlReadSince} {
		if sql == sqlReadSince {
			if g.st.reads == asOne {
				continue
			}
			args = append(args, int64(g.v.Person))
		}
		n, last := int64(0), haven.Seq(0)
		err := g.tx.Query(sql, args, func(r db.Row) error {
			e := event{haven.MessageID(r.Int64(0)), haven.MailboxNo(r.Int64(1)), haven.Seq(r.Int64(2))}
			all, last = append(all, e), e.changed
			n++
			return nil
		})
		if err != nil {
			return nil, 0, err
		}
		if n == limit && (cut == 0 || last < cut) {
			cut = last
		}
	}
	slices.SortStableFunc(all, func(a, b event) int { return cmp.Compare(a.changed, b.changed) })
	return all, cut, nil
}

// FolderDelta is what happened to an account's folders after a point.
type FolderDelta struct {
	Until                       State
	Created, Updated, Destroyed []haven.MailboxNo
	Counted                     []haven.MailboxNo // of Updated, those of which only the counts changed
}

// FoldersSince is what happened to an account's folders after a point. Where messages changed, so may have the counts of other folders
// that hold messages of the same threads: those are the overview's to name.
func (s *Service) FoldersSince(ctx context.Context, v Viewer, from State) (d FolderDelta, err error) {
	err = s.read(ctx, v, func(tx *db.Tx) error {
		st, err := states(tx, v)
		if err != nil {
			return err
		}
		if err := st.mail(Point{from, from.Seq}); err != nil {
			return err
		}
		d = FolderDelta{Until: State{st.Mail, st.Epoch}}
		if err := d.read(tx, v, from.Seq); err != nil {
			return err
		}
		return tx.Query(sqlFoldersGone, []any{int64(v.Account), int64(from.Seq)}, func(r db.Row) error {
			d.Destroyed = append(d.Destroyed, haven.MailboxNo(r.Int64(0)))
			return nil
		})
	})
	return d, err
}

func (d *FolderDelta) read(tx *db.Tx, v Viewer, since haven.Seq) error {
	t, err := folders(tx, v)
	if err != nil {
		return err
	}
	made, err := folderSeqs(tx, v.Account)
	if err != nil {
		return err
	}
	for _, f := range t {
		switch m := made[f.No]; {
		case m[0] > since:
			d.Created = append(d.Created, f.No)
		case m[1] > since:
			d.Updated = append(d.Updated, f.No)
		case f.HighestModSeq > since:
			d.Updated, d.Counted = append(d.Updated, f.No), append(d.Counted, f.No)
		}
	}
	return nil
}

// folderSeqs are when each folder was made, and when it was renamed, moved or subscribed to last.
func folderSeqs(tx *db.Tx, account haven.AccountNo) (map[haven.MailboxNo][2]haven.Seq, error) {
	out := map[haven.MailboxNo][2]haven.Seq{}
	err := tx.Query(sqlFolderSeqs, []any{int64(account)}, func(r db.Row) error {
		out[haven.MailboxNo(r.Int64(0))] = [2]haven.Seq{haven.Seq(r.Int64(1)), haven.Seq(r.Int64(2))}
		return nil
	})
	return out, err
}

// ThreadsOf are the threads of messages of an account, also of those that are gone but not yet for good.
func (s *Service) ThreadsOf(ctx context.Context, v Viewer, msgs []haven.MessageID) (of map[haven.MessageID]haven.MessageID, err error) {
	of = make(map[haven.MessageID]haven.MessageID, len(msgs))
	args := func(i int) []any { return []any{int64(msgs[i]), int64(v.Account)} }
	err = s.read(ctx, v, func(tx *db.Tx) error {
		return tx.QueryEach(sqlThreadOf, len(msgs), args, func(i int, r db.Row) error {
			of[msgs[i]] = haven.MessageID(r.Int64(0))
			return nil
		})
	})
	return of, err
}
