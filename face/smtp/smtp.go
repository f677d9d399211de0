// Package smtp is Haven's SMTP server: a small, strict engine (RFC 5321), and the face of port 25 on it.
//
// The engine knows the protocol and nothing of mail: lines, sequence, limits, TLS, AUTH exchanges and the
// translation of error kinds to reply codes are here; who may send what to whom is asked from a Session. The
// submission ports (587, 465) run on the same engine with a Session of their own.
//
// What it refuses on principle: a line that ends with anything but CR LF, in commands and in letters alike, so
// that no two servers can disagree on where a letter ends; input that was sent before the greeting; and input
// that was sent in the clear behind STARTTLS.
package smtp

import (
	"context"
	"crypto/tls"
	"io"
	"net/netip"

	"haven"
)

// Backend admits connections. It is called by many goroutines at once.
type Backend interface {
	// Connect opens a session for a connection that the engine has admitted. An error is told to the client
	// in place of the greeting, and the connection ends.
	Connect(ctx context.Context, peer *Peer) (Session, error)
}

// Session is what one connection asks of the rest of Haven. The engine calls it from one goroutine, in the order
// that RFC 5321 §4.1.4 allows. Errors carry a kind of package errs; see ReplyFor for what becomes of each.
type Session interface {
	// Mail begins a transaction (RFC 5321 §4.1.1.2). from is the null address for <>.
	Mail(ctx context.Context, from haven.Address, p MailParams) error
	// Rcpt adds a recipient, or says why not; the transaction goes on either way. The address has an empty
	// domain for a bare <postmaster>, and for nothing else.
	Rcpt(ctx context.Context, to haven.Address, p RcptParams) error
	// Data opens the letter, after at least one recipient was accepted.
	Data(ctx context.Context) (Letter, error)
	// Reset forgets the transaction, if there is one: RSET, a second EHLO, the end of a letter.
	Reset()
	// Close ends the session. Nothing is called after it.
	Close()
}

// Authenticator is a Session that lets people sign in (RFC 4954). The engine offers AUTH only where the session
// has this method, and only under TLS (or where Server.AllowPlaintextAuth says otherwise).
type Authenticator interface {
	Auth(ctx context.Context, login Login) error
}

// Login is what a client sent as its identity: raw, so that forms like person@domain/shared@domain reach the
// backend as they are.
type Login struct {
	User     string // authentication identity
	As       string // authorisation identity; empty where the client named none
	Password string
}

// Letter takes the text of one letter, dots unstuffed and lines ended by CR LF, as it arrives. Exactly one of
// Commit and Abort is called, once.
type Letter interface {
	io.Writer
	// Commit is called when the end was seen and the text was clean. When it returns nil the letter is durable
	// and the client is told so with the id (RFC 5321 §4.2.5: from then on the letter is ours to deliver or return).
	Commit(ctx context.Context) (id string, err error)
	// Abort drops what was written: the connection broke, or the text was refused.
	Abort()
}

// Peer is what the engine knows of the other side. The engine writes it, sessions read it.
type Peer struct {
	Addr  netip.Addr           // network address; invalid when the listener has none
	Local netip.AddrPort       // our side of the connection
	Hello string               // the name given in EHLO or HELO, unproven
	ESMTP bool                 // EHLO rather than HELO
	TLS   *tls.ConnectionState // nil in the clear
	User  string               // who signed in; empty for nobody
}

// Protocol is the keyword for the "with" clause of a Received field (RFC 3848, RFC 6531 §4.3).
func (p *Peer) Protocol(utf8 bool) string {
	name := "SMTP"
	switch {
	case utf8:
		name = "UTF8SMTP"
	case p.ESMTP:
		name = "ESMTP"
	default:
		return name // plain SMTP has no S or A (RFC 3848)
	}
	if p.TLS != nil {
		name += "S"
	}
	if p.User != "" {
		name += "A"
	}
	return name
}

// MailParams are the parameters of MAIL.
type MailParams struct {
	Size  int64  // RFC 1870; 0 when not declared
	Body  Body   // RFC 6152
	UTF8  bool   // RFC 6531
	Ret   Ret    // RFC 3461 §4.3
	EnvID string // RFC 3461 §4.4, xtext as given
}

// RcptParams are the parameters of RCPT.
type RcptParams struct {
	Notify Notify // RFC 3461 §4.1
	ORcpt  string // RFC 3461 §4.2 "type;address", xtext as given; empty when not
}

// Body is what the client declared of the letter's octets.
type Body uint8

// The zero value stands for nothing declared, which is 7BIT by RFC 6152 §2.
const (
	BodyUnsaid Body = iota
	Body7Bit
	Body8BitMIME
)

// Ret says how much of a letter a notice of failure should hold.
type Ret uint8

// The zero value leaves the choice to us.
const (
	RetUnsaid Ret = iota
	RetFull
	RetHeaders
)

// Notify says of what events the sender wants notice. Zero means the default: failures, and perhaps delays.
type Notify uint8

// NotifyNever stands alone (RFC 3461 §4.1).
const (
	NotifyNever Notify = 1 << iota
	NotifySuccess
	NotifyFailure
	NotifyDelay
)
