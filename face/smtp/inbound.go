package smtp

import (
	"context"
	"crypto/tls"

	"haven"
	"haven/mail/delivery"
	"haven/mail/outbox"
)

// Inbound is the backend of port 25: letters from other servers, for our own addresses.
type Inbound struct {
	Delivery *delivery.Service
}

// Connect admits everybody; limits of rate are delivery's.
func (b Inbound) Connect(_ context.Context, peer *Peer) (Session, error) {
	return &inboundSession{delivery: b.Delivery, peer: peer}, nil
}

type inboundSession struct {
	delivery *delivery.Service
	peer     *Peer
	letter   *delivery.Inbound
}

// ClientOf is what delivery wants to know of a connection.
func ClientOf(p *Peer, utf8 bool) delivery.Client {
	c := delivery.Client{Addr: p.Addr, Hello: p.Hello, Protocol: p.Protocol(utf8)}
	if p.TLS != nil {
		c.TLS = tls.VersionName(p.TLS.Version)
	}
	return c
}

// EnvelopeOf is what delivery wants to know of MAIL.
func EnvelopeOf(from haven.Address, p MailParams) delivery.Envelope {
	e := delivery.Envelope{From: from, Size: p.Size, UTF8: p.UTF8, EnvID: p.EnvID}
	switch p.Ret {
	case RetFull:
		e.Return = outbox.ReturnFull
	case RetHeaders:
		e.Return = outbox.ReturnHeaders
	}
	return e
}

// NotifyOf is NOTIFY in the words of the queue.
func NotifyOf(n Notify) (out outbox.Notify) {
	for _, bit := range []struct {
		from Notify
		to   outbox.Notify
	}{{NotifyNever, outbox.NotifyNever}, {NotifySuccess, outbox.NotifySuccess}, {NotifyFailure, outbox.NotifyFailure}, {NotifyDelay, outbox.NotifyDelay}} {
		if n&bit.from != 0 {
			out |= bit.to
		}
	}
	return out
}

func (s *inboundSession) Mail(_ context.Context, from haven.Address, p MailParams) error {
	s.letter = s.delivery.Begin(ClientOf(s.peer, p.UTF8), EnvelopeOf(from, p))
	return nil
}

func (s *inboundSession) Rcpt(ctx context.Context, to haven.Address, p RcptParams) error {
	return s.letter.Rcpt(ctx, to, NotifyOf(p.Notify), p.ORcpt)
}

func (s *inboundSession) Data(ctx context.Context) (Letter, error) {
	letter, err := s.letter.Open(ctx)
	if err != nil {
		return nil, err // never a typed nil
	}
	return letter, nil
}

func (s *inboundSession) Reset() { s.letter = nil }

func (s *inboundSession) Close() {}
