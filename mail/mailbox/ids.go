package mailbox

import (
	"strconv"
	"sync"
	"time"

	"haven"
)

// EmailID is the OBJECTID of a message (RFC 8474 §5.1): the same in every mailbox of its account.
func EmailID(id haven.MessageID) string { return "M" + strconv.FormatInt(int64(id), 36) }

// ThreadID is the OBJECTID of a thread (RFC 8474 §5.2); a thread is named after its first message.
func ThreadID(id haven.MessageID) string { return "T" + strconv.FormatInt(int64(id), 36) }

// MailboxID is the OBJECTID of a folder (RFC 8474 §4.1), unique across the service and never used again.
func MailboxID(account haven.AccountID, no haven.MailboxNo) string {
	return "F" + account.String() + "-" + strconv.FormatInt(int64(no), 36)
}

// idSource gives ids that grow with time: 41 bits of milliseconds since 2025, 10 bits of node, 12 bits of count.
// Within one process ids only grow, also when the clock steps back.
type idSource struct {
	mu   sync.Mutex
	node int64
	last int64 // milliseconds and count of the newest id
}

var idEpoch = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()

func (s *idSource) next(now time.Time) haven.MessageID {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := (now.UnixMilli() - idEpoch) << 12
	if t <= s.last {
		t = s.last + 1
	}
	s.last = t
	return haven.MessageID(t>>12<<22 | s.node<<12 | t&0xfff)
}

// FiledAt is when a message was filed, as its id tells; copies within an account are filed once.
func FiledAt(id haven.MessageID) time.Time {
	return time.UnixMilli(int64(id)>>22 + idEpoch).UTC()
}

// FirstAt is the least id that a message filed at t, or later, can have.
func FirstAt(t time.Time) haven.MessageID {
	return haven.MessageID(max(t.UnixMilli()-idEpoch, 0) << 22)
}

// SetNode gives the process another number, see Options.Node. Ids go on growing.
func (s *Service) SetNode(node int64) {
	s.ids.mu.Lock()
	defer s.ids.mu.Unlock()
	s.ids.node = node & 1023
	s.ids.last |= 0xfff // the next id is of another millisecond
}
