package notify

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"time"

	"haven/platform/errs"
	"haven/platform/policy"
)

const (
	firstWait = 20 * time.Second
	mostWait  = 30 * time.Minute
	askAfter  = time.Minute // whether a notice arrived, and then ever more seldom
	askSeldom = 6 * time.Hour
)

// sendWait is how long a notice waits after so many tries: twice as long each time, up to half an hour, and up to a quarter longer, by a share of
// 0 to 1, so that not all wake at the same moment.
func sendWait(tries int64, share float64) time.Duration {
	d := min(float64(firstWait)*math.Pow(2, float64(min(tries, 10))), float64(mostWait))
	return time.Duration(d + d*share/4)
}

// jitter is a share of 0 to 1.
func jitter() float64 {
	var b [2]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return float64(binary.BigEndian.Uint16(b[:])) / math.MaxUint16
}

// askWait is how long after so many questions the gateway is asked again.
func askWait(tries int64) time.Duration {
	n := min(tries, 20)
	return min(askAfter*time.Duration(1+n*n), askSeldom)
}

// aboutKey reports whether a gateway's error is about our key, and so about every notice.
func aboutKey(err error) bool {
	e := (*errs.Error)(nil)
	return errors.As(err, &e) && e.Rule == RuleKey
}

// lapses is until when a notice of now is tried: as long as it is of use, and never longer than what it says is kept.
func lapses(until, now time.Time, p policy.Notify) time.Time {
	if until.IsZero() {
		until = now.Add(p.TryFor)
	}
	if most := now.Add(p.KeepContent); most.Before(until) {
		return most
	}
	return until
}

// returnReason is why an e-mail came back, from the status that a mail server gave (RFC 3463); nothing else of what it wrote is kept.
func returnReason(status string) string {
	why := "the other mail server refuses it"
	switch class, rest, _ := strings.Cut(status, "."); {
	case class == "4":
		why = "it was tried for as long as it was of use, and the other mail server did not take it"
	case strings.HasPrefix(rest, "1."):
		why = "there is no such address"
	case rest == "2.1":
		why = "the mailbox is switched off"
	case rest == "2.2":
		why = "the mailbox is full"
	case rest == "4.7":
		why = "it waited for longer than it was of use"
	case strings.HasPrefix(rest, "4."):
		why = "the other mail server can't be found or reached"
	}
	return why + " (" + status + ")"
}
