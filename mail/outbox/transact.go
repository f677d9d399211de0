package outbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/net/idna"

	"haven"
	"haven/platform/blob"
)

// letter is a queue entry opened for sending.
type letter struct {
	entry
	sig  []byte     // DKIM-Signature lines
	body *blob.Body // nil until somebody needs it
}

// octets is what MAIL's SIZE says: all that goes over the wire but the dots (RFC 1870 §5).
func (l *letter) octets() int64 { return int64(len(l.sig)+len(l.Trace)) + l.Size }

// wire reads the letter as it is sent, signature first.
func (l *letter) wire() io.Reader {
	return newCRLFReader(io.MultiReader(strings.NewReader(string(l.sig)), l.unsigned()))
}

func (l *letter) unsigned() io.Reader {
	return io.MultiReader(strings.NewReader(string(l.Trace)), io.NewSectionReader(l.body, 0, l.body.Size()))
}

// try is one recipient on its way through an attempt.
type try struct {
	*rcpt
	res     Result
	settled bool // no other server need be asked
	ok      bool // RCPT was accepted, and DATA decides
	again   bool // too many recipients for one transaction (RFC 5321 §4.5.3.1.10)
}

func (t *try) settle(r Result) { t.res, t.settled, t.ok = r, true, false }

func settleAll(to []*try, r Result) {
	for _, t := range to {
		t.settle(r)
	}
}

// transact offers the letter for some recipients over c. A nil error leaves c fit for the next letter, and each
// recipient settled or marked again. After an error c is to be closed; recipients that are not settled then may be
// tried at another server.
func (c *conn) transact(ctx context.Context, l *letter, to []*try) error {
	actx, cancel := context.WithTimeout(ctx, c.times.Attempt)
	defer cancel()
	defer context.AfterFunc(actx, func() { c.nc.Close() })()
	if to = c.fits(l, to); len(to) == 0 {
		return nil
	}
	if c.reset {
		if _, err := c.cmd(c.times.Command, "RSET"); err != nil {
			return err
		}
		c.reset = false
	}
	c.used++
	c.reset = true
	accepted, err := c.envelope(l, to)
	if err != nil || !accepted {
		return err
	}
	return c.content(l, to)
}

// fits settles those for whom the letter needs what the server doesn't offer, before it is bothered, and returns the
// others. Nothing is converted: a letter that was changed on its way would lose its signatures, and servers without
// 8BITMIME are all but gone.
func (c *conn) fits(l *letter, to []*try) (rest []*try) {
	res := refused("6.7", "an address or header is not ASCII, and %s does not take such mail (SMTPUTF8)", c.host)
	switch limit := c.sizeLimit(); {
	case needsUTF8(l, nil) && !c.has("SMTPUTF8"):
	case l.Eight && !c.has("8BITMIME"):
		res = refused("6.3", "the letter is not 7-bit, and %s takes no other (8BITMIME)", c.host)
	case limit > 0 && l.octets() > limit:
		res = refused("3.4", "the letter has %d octets, and %s takes at most %d", l.octets(), c.host, limit)
	case c.has("SMTPUTF8"):
		return to
	default:
		rest = asciiOnly(to)
	}
	res.Host = c.host
	for _, t := range to {
		if !slices.Contains(rest, t) {
			t.settle(res)
		}
	}
	return rest
}

// asciiOnly is those whose addresses need no SMTPUTF8.
func asciiOnly(to []*try) []*try {
	return slices.DeleteFunc(slices.Clone(to), func(t *try) bool { return !isASCII(t.Address.Local) })
}

func needsUTF8(l *letter, to []*try) bool {
	if l.UTF8 || !isASCII(l.From.Local) {
		return true
	}
	for _, t := range to {
		if !isASCII(t.Address.Local) {
			return true
		}
	}
	return false
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// envelope sends MAIL, RCPT and DATA, in one go where the server takes that (RFC 2920). It reports whether the
// server now waits for the letter.
func (c *conn) envelope(l *letter, to []*try) (bool, error) {
	together := c.has("PIPELINING")
	utf8 := needsUTF8(l, to)
	c.putMail(l, utf8)
	if together {
		for _, t := range to {
			c.putRcpt(t, utf8)
		}
		c.put("DATA")
	}
	if err := c.flush(c.times.Command); err != nil {
		return false, err
	}
	mail, err := c.read(c.times.Command)
	if err != nil {
		return false, err
	}
	if mail.Code/100 != 2 {
		return false, c.mailRefused(mail, to)
	}
	for _, t := range to {
		if !together {
			c.putRcpt(t, utf8)
			if err := c.flush(c.times.Command); err != nil {
				return false, err
			}
		}
		if err := c.rcptReply(t, anyOK(to)); err != nil {
			return false, err
		}
	}
	return c.data(to, together)
}

func (c *conn) putMail(l *letter, utf8 bool) {
	var b strings.Builder
	fmt.Fprintf(&b, "MAIL FROM:<%s>", wireAddress(l.From, utf8))
	if c.has("SIZE") {
		fmt.Fprintf(&b, " SIZE=%d", l.octets())
	}
	if l.Eight {
		b.WriteString(" BODY=8BITMIME")
	}
	if utf8 {
		b.WriteString(" SMTPUTF8")
	}
	if c.has("DSN") {
		b.WriteString([...]string{"", " RET=HDRS", " RET=FULL"}[min(l.Return, ReturnFull)])
		if l.EnvID != "" {
			b.WriteString(" ENVID=" + l.EnvID)
		}
	}
	c.put("%s", b.String())
}

func (c *conn) putRcpt(t *try, utf8 bool) {
	var b strings.Builder
	fmt.Fprintf(&b, "RCPT TO:<%s>", wireAddress(t.Address, utf8))
	if c.has("DSN") {
		if t.Notify != 0 {
			b.WriteString(" NOTIFY=" + t.Notify.String())
		}
		if t.ORcpt != "" && (utf8 || isASCII(t.ORcpt)) {
			b.WriteString(" ORCPT=" + t.ORcpt)
		}
	}
	c.put("%s", b.String())
}

// wireAddress writes the domain as A-labels where the transaction is not SMTPUTF8 (RFC 5890 §2.3.2.1).
func wireAddress(a haven.Address, utf8 bool) string {
	if !utf8 && !isASCII(a.Domain) {
		if d, err := idna.Lookup.ToASCII(a.Domain); err == nil {
			a.Domain = d
		}
	}
	return a.String()
}

// mailRefused: a 5xx is about the letter and final; a 4xx is about this server now, and another one may take it.
// The connection is left, which also spares reading the answers to what was sent along.
func (c *conn) mailRefused(r Reply, to []*try) error {
	res := FromReply(r, c.host, "1.0")
	if r.Code/100 == 5 {
		settleAll(to, res)
	}
	return &hostError{res}
}

func (c *conn) rcptReply(t *try, others bool) error {
	r, err := c.read(c.times.Command)
	if err != nil {
		return err
	}
	res := FromReply(r, c.host, "1.1")
	switch {
	case r.Code/100 == 2:
		t.ok = true
	case r.Code == 421:
		return &hostError{res}
	case r.Code == 452 && others:
		t.again, t.res = true, res
	default:
		t.settle(res)
	}
	return nil
}

func anyOK(to []*try) bool {
	for _, t := range to {
		if t.ok {
			return true
		}
	}
	return false
}

func (c *conn) data(to []*try, sent bool) (bool, error) {
	some := anyOK(to)
	if !sent {
		if !some {
			return false, nil
		}
		c.put("DATA")
		if err := c.flush(c.times.DataInit); err != nil {
			return false, err
		}
	}
	r, err := c.read(c.times.DataInit)
	switch {
	case err != nil:
		return false, err
	case r.Code == 354 && some:
		return true, nil
	case r.Code == 354: // it waits although nobody is to get the letter (RFC 2920 §3.1)
		_, err = c.cmd(c.times.DataEnd, ".")
		return false, err
	case r.Code/100 < 4:
		return false, hostFault(c.host, "5.0", "%s answered DATA with %d", c.host, r.Code)
	case r.Code == 421 && some:
		return false, &hostError{FromReply(r, c.host, "3.2")}
	}
	settleOK(to, FromReply(r, c.host, "6.0"))
	return false, nil
}

func settleOK(to []*try, r Result) {
	for _, t := range to {
		if t.ok {
			t.settle(r)
		}
	}
}

// content sends the letter and takes the server's answer as that of all recipients it accepted.
func (c *conn) content(l *letter, to []*try) error {
	err := stuff(c.bw, l.wire(), func() { c.nc.SetWriteDeadline(deadline(c.times.DataBlock)) })
	var ours *letterError
	if errors.As(err, &ours) { // the connection is dropped without the last dot, so the server keeps nothing
		settleAll(unsettled(to), later("3.0", "the letter could not be read here"))
		return err
	}
	if err != nil {
		return c.cutShort(err, to)
	}
	r, err := c.read(c.times.DataEnd)
	if err != nil {
		// It may have taken the letter or not. Asking another server at once would make doubles likely.
		settleOK(to, asResult(err))
		return err
	}
	res := FromReply(r, c.host, "6.0")
	res.TellsItself = res.Outcome == Accepted && c.has("DSN")
	settleOK(to, res)
	if r.Code == 421 {
		return &hostError{res}
	}
	c.reset = false
	return nil
}

// cutShort is a server that stopped listening in the middle of a letter. What it said before it did is the reason.
func (c *conn) cutShort(err error, to []*try) error {
	if r, rerr := c.read(c.times.Connect); rerr == nil && r.Code >= 400 {
		settleOK(to, FromReply(r, c.host, "6.0"))
	}
	return c.fault(err)
}

func asResult(err error) Result {
	var h *hostError
	if errors.As(err, &h) {
		return h.res
	}
	return later("3.0", "sending failed on our side")
}

// String writes the NOTIFY parameter's value.
func (n Notify) String() string {
	if n&NotifyNever != 0 {
		return "NEVER"
	}
	var words []string
	for _, w := range []struct {
		bit  Notify
		name string
	}{{NotifySuccess, "SUCCESS"}, {NotifyFailure, "FAILURE"}, {NotifyDelay, "DELAY"}} {
		if n&w.bit != 0 {
			words = append(words, w.name)
		}
	}
	return strings.Join(words, ",")
}
