// Package submission is the face of ports 587 and 465 (RFC 6409, RFC 8314): letters from our own people, who sign in
// first. It runs on the engine of face/smtp and decides nothing.
package submission

import (
	"context"

	"haven"
	"haven/face/smtp"
	"haven/mail/delivery"
)

// Authenticator proves who signs in; people/account is behind it. User is raw: it may be "person@domain" or
// "person@domain/shared@domain". As is the authorisation identity, empty where none was named. Errors have kinds:
// Private for a wrong secret, Denied with a sentence for an account that may not, Transient for "not now".
type Authenticator interface {
	Authenticate(ctx context.Context, l Login) (delivery.Submitter, error)
}

// Login is what a mail program sent.
type Login struct {
	User, As, Password string
	Place              string // network address
	Program            string // name that the program gave in EHLO
}

// Backend is the backend of the submission ports.
type Backend struct {
	Accounts Authenticator
	Delivery *delivery.Service
}

// Connect admits everybody; nothing is done before signing in.
func (b Backend) Connect(_ context.Context, peer *smtp.Peer) (smtp.Session, error) {
	return &session{backend: b, peer: peer}, nil
}

type session struct {
	backend Backend
	peer    *smtp.Peer
	who     delivery.Submitter
	letter  *delivery.Submission
}

func (s *session) Auth(ctx context.Context, l smtp.Login) error {
	who, err := s.backend.Accounts.Authenticate(ctx, Login{
		User: l.User, As: l.As, Password: l.Password, Place: s.peer.Addr.String(), Program: s.peer.Hello,
	})
	if err == nil {
		s.who = who
	}
	return err
}

func (s *session) Mail(ctx context.Context, from haven.Address, p smtp.MailParams) error {
	letter, err := s.backend.Delivery.BeginSubmission(ctx, smtp.ClientOf(s.peer, p.UTF8), s.who, smtp.EnvelopeOf(from, p))
	s.letter = letter
	return err
}

func (s *session) Rcpt(ctx context.Context, to haven.Address, p smtp.RcptParams) error {
	return s.letter.Rcpt(ctx, to, smtp.NotifyOf(p.Notify), p.ORcpt)
}

func (s *session) Data(ctx context.Context) (smtp.Letter, error) {
	letter, err := s.letter.Open(ctx)
	if err != nil {
		return nil, err // never a typed nil
	}
	return letter, nil
}

func (s *session) Reset() { s.letter = nil }

func (s *session) Close() {}
