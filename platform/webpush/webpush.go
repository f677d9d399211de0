// Package webpush hands small messages to push services, which wake browsers and phones (RFC 8030): each is encrypted for the one device that made the
// subscription (RFC 8188, RFC 8291), and signed with the service's own key (RFC 8292).
//
// Where a message goes is chosen by whoever subscribes, so the address is a stranger's: Client speaks HTTPS with public addresses alone, looks at them after
// they were resolved and again as it connects, follows no redirect, and reads little of an answer.
package webpush

import "time"

// Target is a subscription of a device at a push service.
type Target struct {
	Endpoint Endpoint
	Keys     Keys
}

// Message is what is pushed.
type Message struct {
	Payload []byte        // at most MaxPayload; the push service does not see it
	Type    string        // media type of the payload
	TTL     time.Duration // how long the push service keeps it for a device that is away (RFC 8030 §5.2); whole seconds
	Urgency Urgency
	Topic   string // it replaces a message of the same topic that was not delivered yet (RFC 8030 §5.4); at most 32 of A-Z a-z 0-9 - _
}

// Urgency is how much a device's battery is worth less than the message (RFC 8030 §5.3). The zero value is Normal.
type Urgency string

// The urgencies that are in use here.
const (
	Normal Urgency = "normal"
	High   Urgency = "high"
)

// Outcome is what became of a message.
type Outcome uint8

const (
	Failed    Outcome = iota // it was not taken; another try may help
	Delivered                // the push service has it
	Gone                     // the subscription has ended, and nothing is pushed to it any more
	Slow                     // the push service wants less, or is in trouble; another try comes later
)

var outcomeNames = [...]string{"failed", "delivered", "gone", "slow"}

func (o Outcome) String() string {
	if int(o) < len(outcomeNames) {
		return outcomeNames[o]
	}
	return "failed"
}

// Outcomes lists every outcome, for metrics.
func Outcomes() []Outcome { return []Outcome{Failed, Delivered, Gone, Slow} }

// Result is an outcome with what is known of it.
type Result struct {
	Outcome Outcome
	Code    int           // of HTTP; 0: there was no answer
	Wait    time.Duration // what the push service asks to wait; 0: nothing
	Err     error         // why there was no answer; it names no address of a subscription
}
