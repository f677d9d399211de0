package mailbox

import (
	"context"
	"slices"

	"haven"
	"haven/mail/mime"
	"haven/platform/db"
)

// KeywordMDNSent says that a disposition notification was sent for a message. Once there it stays: a second one is never sent (RFC 3503 §3).
const KeywordMDNSent = "$mdnsent"

// onceNumbers is how many numbers it takes to mark a message in all its places.
const onceNumbers = 16

// MarkOnce gives a message a keyword, in a transaction that has locked its account already, as File does; done is false where it has it. NotFound: there is no such
// message in sight. TooMany (mailbox.keywords): the account has no room for the keyword.
func (s *Service) MarkOnce(tx *db.Tx, account haven.AccountNo, msg haven.MessageID, keyword string) (done bool, err error) {
	l, err := takeSeq(tx, account, onceNumbers)
	if err != nil {
		return false, err
	}
	e := &editor{s: s, tx: tx, v: Viewer{Account: account}, lock: l}
	places, err := e.places(msg)
	if err != nil {
		return false, err
	}
	seen := inSight(places)
	if len(seen) == 0 {
		return false, errNoMessage
	}
	bit, err := s.keywordBits(tx, account, []string{keyword}, false)
	if err != nil || seen[0].Keywords&bit != 0 {
		return false, err
	}
	d := Edit{Msg: msg, Set: Keywords{Names: []string{keyword}}}
	if err := e.begin([]Edit{d}); err != nil {
		return false, err
	}
	return true, e.flag(&d, seen[0])
}

// sameID is how many messages of a thread are looked at for one of a Message-ID.
const sameID = 200

// WithMessageID are the messages in sight whose Message-ID is that one, without angle brackets. A thread with very many messages is not looked through whole.
func (s *Service) WithMessageID(ctx context.Context, v Viewer, id string) (found []haven.MessageID, err error) {
	refs, err := s.RefsOf(ctx, v.Account, []string{"<" + id + ">"})
	if err != nil || len(refs) == 0 {
		return nil, err
	}
	var all, same []haven.MessageID
	err = s.read(ctx, v, func(tx *db.Tx) error {
		all = nil
		thread, err := ThreadOfRefs(tx, v.Account, refs)
		if err != nil || thread == 0 {
			return err
		}
		all, err = threadMessages(tx, v.Account, thread, sameID)
		return err
	})
	if err != nil || len(all) == 0 {
		return nil, err
	}
	err = s.Infos(ctx, v, all, func(_ int, info *Info) error {
		if slices.Equal(mime.MessageIDs(info.Meta.Envelope.MessageID), []string{id}) {
			same = append(same, info.Msg)
		}
		return nil
	})
	if err != nil || len(same) == 0 {
		return nil, err
	}
	err = s.read(ctx, v, func(tx *db.Tx) error {
		found = nil
		e := &editor{tx: tx, v: v}
		for _, msg := range same {
			places, err := e.places(msg)
			if err != nil {
				return err
			}
			if len(inSight(places)) > 0 {
				found = append(found, msg)
			}
		}
		return nil
	})
	return found, err
}
