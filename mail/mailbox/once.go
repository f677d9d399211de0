package mailbox

import (
	"haven"
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
