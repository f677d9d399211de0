package smtp

import (
	"context"
	"crypto/tls"

	"haven"
	"haven/mail/delivery"
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

func (s *inboundSession) Mail(_ context.Context, from haven.Address, p MailParams) error {
	s.letter = s.delivery.Begin(ClientOf(s.peer, p.UTF8), from, p.Size)
	return nil
}

func (s *inboundSession) Rcpt(ctx context.Context, to haven.Address, _ RcptParams) error {
	return s.letter.Rcpt(ctx, to)
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
