package sending

import (
	"strconv"
	"strings"
	"time"

	"haven"
	"haven/mail/delivery"
	"haven/mail/outbox"
	"haven/platform/errs"
	"haven/platform/policy"
)

// Why is for what reason a submission or a disposition notification is refused; each is one of RFC 8621 §7.5 or RFC 9007 §2.1.
type Why uint8

const (
	NoEmail           Why = iota + 1 // there is no such message
	NoIdentity                       // there is no such identity
	BadEnvelope                      // the envelope can't be meant
	BadEmail                         // the message can't be sent as it is
	TooLarge                         // larger than any letter may be
	TooManyRecipients                // more than Most
	NoRecipients                     //
	BadRecipients                    // those in Recipients
	ForbiddenMailFrom                // not that envelope's sender
	ForbiddenFrom                    // not with that From
	ForbiddenToSend                  // not at all, now
	CannotUnsend                     // it went
	Answered                         // a colleague answered meanwhile (docs/jmap-work.md 6)

	NotAsked    // the message asks for no notification (RFC 9007 §2.1)
	AlreadySent // one was sent for it
	BadMDN      // what is in Properties can't be meant
)

// Refused is a submission that is not made, or one that can't be called back.
type Refused struct {
	Why        Why
	Say        string
	Properties []string // of the message, for BadEmail; of the notification, for BadMDN
	Recipients []string // for BadRecipients
	Most       int64    // for TooManyRecipients and TooLarge
}

func (r *Refused) Error() string { return r.Say }

// MaySend lets those send from a mailbox, and call back what waits there, who may write in its name.
func MaySend(r haven.Rights) haven.Verdict {
	if r.Has(haven.Read) && r&(haven.SendAs|haven.SendOnBehalf) != 0 {
		return haven.Allow("sending.senders")
	}
	return haven.Refuse("sending.senders", "Only who may send from this mailbox does this. Ask one of its owners for the right.")
}

// timing is when a letter goes.
type timing struct {
	Due       time.Time // when it is handed over
	SendAt    time.Time // as it is told (RFC 8621 §7)
	Scheduled bool      // it waits for longer than anybody would look at it
}

// timingOf reads when a letter is to go from the parameters of its sender (RFC 4865 §5): at the end of UndoDelay where nothing is said.
func timingOf(from map[string]*string, p policy.Sending, now time.Time) (timing, *Refused) {
	hold, said := from["HOLDFOR"]
	until, dated := from["HOLDUNTIL"]
	wait := time.Duration(0)
	switch {
	case said && dated:
		return timing{}, envelope("Say either for how long the letter is held or until when.")
	case said:
		n, err := strconv.ParseUint(value(hold), 10, 31)
		if err != nil {
			return timing{}, envelope("HOLDFOR is a number of seconds.")
		}
		wait = time.Duration(n) * time.Second
	case dated:
		at, err := time.Parse(time.RFC3339, value(until))
		if err != nil {
			return timing{}, envelope("HOLDUNTIL is a moment such as 2027-01-04T08:00:00Z.")
		}
		wait = max(0, at.Sub(now))
	default:
		return timing{Due: now.Add(p.UndoDelay), SendAt: now}, nil
	}
	if wait > max(p.SendLater, p.UndoMost) {
		return timing{}, envelope("A letter can wait for " + strconv.Itoa(int(max(p.SendLater, p.UndoMost)/time.Second)) + " seconds at most.")
	}
	at := now.Add(wait)
	return timing{Due: at, SendAt: at, Scheduled: wait > p.UndoMost}, nil
}

func envelope(say string) *Refused { return &Refused{Why: BadEnvelope, Say: say} }

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// senderParameters reads the parameters of MAIL (RFC 3461 §4.3 and §4.4; RFC 1870, 6152 and 6531 say nothing that is not known already).
func senderParameters(p map[string]*string, e *delivery.Envelope) *Refused {
	for name, v := range p {
		switch name {
		case "HOLDFOR", "HOLDUNTIL", "SIZE", "BODY":
		case "SMTPUTF8":
			e.UTF8 = true
		case "ENVID":
			if e.EnvID = xtext(value(v)); e.EnvID == "" || len(e.EnvID) > 100 {
				return envelope("ENVID has between 1 and 100 characters.")
			}
		case "RET":
			switch strings.ToUpper(value(v)) {
			case "FULL":
				e.Return = outbox.ReturnFull
			case "HDRS":
				e.Return = outbox.ReturnHeaders
			default:
				return envelope("RET is FULL or HDRS.")
			}
		default:
			return envelope("The parameter " + name + " is not known here.")
		}
	}
	return nil
}

// recipientParameters reads the parameters of RCPT (RFC 3461 §4.1 and §4.2).
func recipientParameters(p map[string]*string) (n outbox.Notify, orcpt string, no *Refused) {
	for name, v := range p {
		switch name {
		case "NOTIFY":
			if n = notify(value(v)); n == 0 {
				return 0, "", envelope("NOTIFY is NEVER, or some of SUCCESS, FAILURE and DELAY.")
			}
		case "ORCPT":
			typ, addr, ok := strings.Cut(value(v), ";")
			if orcpt = xtext(typ) + ";" + xtext(addr); !ok || len(orcpt) > 500 {
				return 0, "", envelope("ORCPT is a type of address, a semicolon and an address.")
			}
		default:
			return 0, "", envelope("The parameter " + name + " is not known here.")
		}
	}
	return n, orcpt, nil
}

func notify(s string) (n outbox.Notify) {
	for word := range strings.SplitSeq(strings.ToUpper(s), ",") {
		bit := map[string]outbox.Notify{"NEVER": outbox.NotifyNever, "SUCCESS": outbox.NotifySuccess, "FAILURE": outbox.NotifyFailure, "DELAY": outbox.NotifyDelay}[word]
		if bit == 0 || n&bit != 0 {
			return 0
		}
		n |= bit
	}
	if n&outbox.NotifyNever != 0 && n != outbox.NotifyNever {
		return 0
	}
	return n
}

// xtext encodes what stands in a parameter (RFC 3461 §4): JMAP has it decoded.
func xtext(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c > ' ' && c < 0x7f && c != '+' && c != '=' {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('+')
		b.WriteByte("0123456789ABCDEF"[c>>4])
		b.WriteByte("0123456789ABCDEF"[c&15])
	}
	return b.String()
}

// pauses are between tries to hand a letter over that could not be taken for a reason that passes.
var pauses = [...]time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour}

// again is when a letter that could not be handed over is tried again; false: it is given up. since is when it was to go.
func again(err error, tries int, since, now time.Time, p policy.Sending) (time.Time, bool) {
	switch errs.KindOf(err) {
	case errs.Denied, errs.NotFound, errs.Invalid, errs.Private, errs.Conflict:
		return time.Time{}, false
	}
	next := now.Add(pauses[min(max(tries-1, 0), len(pauses)-1)])
	return next, next.Before(since.Add(p.QueueFor))
}

// statusOf is what one recipient's status becomes by what the queue tells.
func statusOf(t outbox.Told) Status {
	st := Status{Reply: replyLine(t.Result)}
	switch t.Fate {
	case outbox.Failed:
		st.Delivered = No
	case outbox.Delayed:
		st.Delivered = Queued
	default:
		st.Delivered = Maybe // the other server took it, and says no more (RFC 8621 §7)
	}
	return st
}

// replyLine is a reply in one line: its code, its status and its words (RFC 8621 §7).
func replyLine(r outbox.Result) string {
	code := r.Code
	if code == 0 {
		code = map[outbox.Outcome]int{outbox.Accepted: 250, outbox.Refused: 550}[r.Outcome]
	}
	if code == 0 {
		code = 451
	}
	text := strings.Join(strings.Fields(r.Text), " ")
	if r.Status != "" && !strings.HasPrefix(text, r.Status) {
		text = r.Status + " " + text
	}
	return strings.TrimSpace(strconv.Itoa(code) + " " + text)
}

// repliesOf is what is known of a recipient when a letter was taken.
func repliesOf(w delivery.Whereabouts) Status {
	switch w {
	case delivery.InMailbox:
		return Status{"250 2.1.5 Delivered", Yes}
	case delivery.InTurn:
		return Status{"250 2.1.5 Accepted", Maybe}
	}
	return Status{"250 2.1.5 Queued", Queued}
}
