package authn

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"sync"

	"github.com/emersion/go-msgauth/dkim"

	"haven/platform/errs"
)

// KeyStore holds secrets by name, sealed; platform/secret is behind it.
type KeyStore interface {
	// NamedOr gives the secret of that name. Where there is none, it keeps what create makes; of two that do so at
	// once, both get the same.
	NamedOr(ctx context.Context, name string, create func() ([]byte, error)) ([]byte, error)
}

// Selectors under which the public keys are published, and names under which the private ones are kept.
const (
	SelectorRSA     = "haven-rsa"
	SelectorEd25519 = "haven-ed25519"
	keyRSA          = "dkim.rsa"
	keyEd25519      = "dkim.ed25519"
)

// signedFields are the fields that a signature covers (RFC 6376 §5.4.1). Those in oversigned are listed once more, so
// that nobody can add a second one.
var (
	oversigned   = []string{"From", "To", "Cc", "Subject", "Date", "Reply-To", "Content-Type"}
	signedFields = append([]string{"Sender", "Message-ID", "In-Reply-To", "References", "MIME-Version",
		"Content-Transfer-Encoding", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "Sensitivity",
		"Auto-Submitted"}, append(oversigned, oversigned...)...)
)

// Signer signs letters twice, with RSA-2048 and with Ed25519 (RFC 8463), for one set of keys that all domains share.
type Signer struct {
	rsa     *rsa.PrivateKey
	ed25519 ed25519.PrivateKey
}

// OpenSigner takes the keys out of the store, making them the first time.
func OpenSigner(ctx context.Context, keys KeyStore) (*Signer, error) {
	var s Signer
	made := func(name string, create func() (crypto.PrivateKey, error)) (crypto.PrivateKey, error) {
		secret, err := keys.NamedOr(ctx, name, func() ([]byte, error) {
			key, err := create()
			if err != nil {
				return nil, err
			}
			return x509.MarshalPKCS8PrivateKey(key)
		})
		if err != nil {
			return nil, err
		}
		return x509.ParsePKCS8PrivateKey(secret)
	}
	first, err := made(keyRSA, func() (crypto.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })
	if err != nil {
		return nil, err
	}
	second, err := made(keyEd25519, func() (crypto.PrivateKey, error) {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	})
	if err != nil {
		return nil, err
	}
	var ok, also bool
	s.rsa, ok = first.(*rsa.PrivateKey)
	s.ed25519, also = second.(ed25519.PrivateKey)
	if !ok || !also {
		return nil, errs.Wrap(errs.Internal, errors.New("a DKIM key in the store is of another kind than its name says"), "")
	}
	return &s, nil
}

// Signing is one letter being signed: write all of it, then ask Fields. One that is given up needs Close.
type Signing struct {
	signers []*dkim.Signer
	closed  sync.Once
	err     error
}

// Begin starts to sign a letter for a domain.
func (s *Signer) Begin(domain string) (*Signing, error) {
	var out Signing
	for _, k := range []struct {
		selector string
		key      crypto.Signer
	}{{SelectorEd25519, s.ed25519}, {SelectorRSA, s.rsa}} {
		signer, err := dkim.NewSigner(&dkim.SignOptions{
			Domain: strings.ToLower(domain), Selector: k.selector, Signer: k.key, Hash: crypto.SHA256,
			HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
			HeaderKeys: signedFields,
		})
		if err != nil {
			out.Close()
			return nil, errs.Wrap(errs.Internal, err, "")
		}
		out.signers = append(out.signers, signer)
	}
	return &out, nil
}

// Write takes the next octets of the letter.
func (s *Signing) Write(p []byte) (int, error) {
	for _, signer := range s.signers {
		if _, err := signer.Write(p); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// Close ends the signing; its goroutines are gone afterwards. It may be called more than once.
func (s *Signing) Close() error {
	s.closed.Do(func() {
		for _, signer := range s.signers {
			if err := signer.Close(); err != nil && s.err == nil {
				s.err = err
			}
		}
	})
	return s.err
}

// Fields ends the letter and returns its DKIM-Signature fields, to be put before everything else.
func (s *Signing) Fields() (string, error) {
	if err := s.Close(); err != nil {
		return "", errs.Wrap(errs.Internal, err, "")
	}
	var b strings.Builder
	for _, signer := range s.signers {
		b.WriteString(signer.Signature())
	}
	return b.String(), nil
}

// Sign reads a whole letter and returns the fields to put before it, each ended by CR LF: what mail/outbox asks for.
func (s *Signer) Sign(_ context.Context, domain string, letter io.Reader) ([]byte, error) {
	signing, err := s.Begin(domain)
	if err != nil {
		return nil, err
	}
	defer signing.Close()
	if _, err := io.Copy(signing, letter); err != nil {
		return nil, err
	}
	fields, err := signing.Fields()
	return []byte(fields), err
}

// Record is a line for the operator's DNS zone.
type Record struct {
	Name  string // absolute, without the dot at its end
	Type  string
	Value string
	Why   string // one sentence
}

// DNSRecords are the records that a domain served by host needs, for `haven admin dns`.
func (s *Signer) DNSRecords(domain, host string) ([]Record, error) {
	spki, err := x509.MarshalPKIXPublicKey(&s.rsa.PublicKey)
	if err != nil {
		return nil, errs.Wrap(errs.Internal, err, "")
	}
	b64 := base64.StdEncoding.EncodeToString
	public := s.ed25519.Public().(ed25519.PublicKey) // an ed25519 key has no other
	return []Record{
		{domain, "MX", "10 " + host + ".", "Mail for the domain comes to this server."},
		{domain, "TXT", "v=spf1 mx -all", "Only this server sends for the domain (SPF)."},
		{SelectorRSA + "._domainkey." + domain, "TXT", "v=DKIM1; k=rsa; p=" + b64(spki), "The key that proves our signatures (DKIM)."},
		{SelectorEd25519 + "._domainkey." + domain, "TXT", "v=DKIM1; k=ed25519; p=" + b64(public), "The same, with a newer method."},
		{"_dmarc." + domain, "TXT", "v=DMARC1; p=reject; adkim=s; aspf=s; rua=mailto:postmaster@" + domain, "Others refuse letters that only pretend to be from the domain (DMARC)."},
		{"_mta-sts." + domain, "TXT", "v=STSv1; id=1", "Others send to the domain over proven TLS only (MTA-STS); raise the id when the policy file changes."},
		{"_smtp._tls." + domain, "TXT", "v=TLSRPTv1; rua=mailto:postmaster@" + domain, "Others report when TLS to the domain fails (TLS-RPT)."},
	}, nil
}
