package mailbox

import (
	"context"
	"slices"

	"haven"
	"haven/platform/db"
)

// Imported is a message that was put into an account.
type Imported struct {
	Msg, Thread haven.MessageID
	Size        int64
}

// Import puts a letter into some folders of an account, at least one, as one message, in one commit (RFC 8621 §4.8). ifState, where
// not nil, is the state that the account has to be in. Between before and after nothing but this happened.
func (s *Service) Import(ctx context.Context, v Viewer, into []haven.MailboxNo, it Append, ifState *State) (im Imported, before, after State, err error) {
	if len(into) == 0 {
		return im, before, after, errHomeless
	}
	j, err := s.prepareAppend(ctx, v, into[0], it, s.clock.Now())
	if err != nil {
		return im, before, after, err
	}
	j.sent = sentKey{} // what is imported is what the person wishes to have, once more or not
	err = s.write(ctx, v, haven.Write, 2*len(into)+1, func(tx *db.Tx, l *lock) error {
		st, err := states(tx, v)
		if err != nil {
			return err
		}
		before = State{st.Mail, st.Epoch}
		if ifState != nil && *ifState != before {
			return errStateMismatch
		}
		if im, err = s.importOne(tx, v, into, j, l); err != nil {
			return err
		}
		st, err = states(tx, v)
		after = State{st.Mail, st.Epoch}
		return err
	})
	return im, before, after, err
}

func (s *Service) importOne(tx *db.Tx, v Viewer, into []haven.MailboxNo, j *appending, l *lock) (Imported, error) {
	e := editor{s: s, tx: tx, v: v, lock: l}
	if err := e.begin(nil); err != nil {
		return Imported{}, err
	}
	for _, mb := range into {
		if !e.folders[mb] {
			return Imported{}, errNoSuchFolder
		}
		if mb == l.scheduled {
			return Imported{}, errScheduled
		}
	}
	im := Imported{Msg: j.msg, Size: j.Letter.Size()}
	p, err := s.appendMessage(tx, v, j, l)
	if err != nil {
		return Imported{}, err
	}
	im.Thread = p.thread
	folders := slices.Compact(slices.Sorted(slices.Values(into)))
	if len(folders) > 1 {
		p.flags |= many
	}
	for i, mb := range folders {
		if i > 0 {
			p.seq = l.take()
		}
		if _, err := place(tx, v.Account, mb, []placing{p}); err != nil {
			return Imported{}, err
		}
	}
	return im, nil
}
