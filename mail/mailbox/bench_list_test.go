package mailbox_test

import (
	"fmt"
	"strings"
	"testing"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mailbox/mailboxtest"
)

// full is a mailbox of n letters of some octets each.
func full(b *testing.B, engine string, n, octets int) (*mailboxtest.Store, mailbox.Viewer, []haven.MessageID) {
	b.Helper()
	s := mailboxtest.New(b, engine)
	an := s.Account()
	v := mailboxtest.Own(an)
	line := "The quick brown fox jumps over the lazy dog and takes two tablets.\n"
	for lo := 0; lo < n; lo += 100 {
		var filings []mailbox.Filing
		for i := lo; i < min(lo+100, n); i++ {
			text := note(i) + strings.Repeat(line, octets/len(line))
			filings = append(filings, mailbox.Filing{Account: an, Letter: s.Letter(text),
				Trace: []byte(fmt.Sprintf("Return-Path: <ward%d@hospital.test>\r\nReceived: from a.test by b.test; Sun, 22 Nov 2026 08:00:00 +0000\r\n", i))})
		}
		if _, err := s.File(b.Context(), filings, nil); err != nil {
			b.Fatal(err)
		}
	}
	return s, v, listed(b, s, v)
}

func listed(b *testing.B, s *mailboxtest.Store, v mailbox.Viewer) []haven.MessageID {
	var ids []haven.MessageID
	err := s.Rows(b.Context(), v, inbox, all, 0, func(rs []mailbox.Row) error {
		for _, r := range rs {
			ids = append(ids, r.Msg)
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return ids
}

// BenchmarkList is a listing of 10,000: flags and sizes of all, envelope and structure of all.
func BenchmarkList(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run(engine, func(b *testing.B) {
			s, v, _ := full(b, engine, 10_000, 1000)
			b.Run("rows", func(b *testing.B) {
				for b.Loop() {
					listed(b, s, v)
				}
			})
			b.Run("rows+infos", func(b *testing.B) {
				for b.Loop() {
					n := 0
					err := s.Infos(b.Context(), v, listed(b, s, v), func(i int, info *mailbox.Info) error {
						n++
						return nil
					})
					if err != nil || n != 10_000 {
						b.Fatal(n, err)
					}
				}
			})
		})
	}
}

// BenchmarkBodies is reading 10,000 messages of 8 KB whole.
func BenchmarkBodies(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run(engine, func(b *testing.B) {
			s, v, ids := full(b, engine, 10_000, 8000)
			for b.Loop() {
				n := 0
				err := s.Bodies(b.Context(), v, ids, func(i int, m []byte) error {
					n += len(m)
					return nil
				})
				if err != nil || n < 80_000_000 {
					b.Fatal(n, err)
				}
			}
		})
	}
}

// BenchmarkStore flags 10,000 messages, all at once and every other one.
func BenchmarkStore(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		s, v, _ := full(b, engine, 10_000, 1000)
		var odd []mailbox.Range
		for u := haven.UID(1); u <= 10_000; u += 2 {
			odd = append(odd, mailbox.Range{Lo: u, Hi: u})
		}
		for name, uids := range map[string][]mailbox.Range{"all": all, "odd": odd} {
			b.Run(engine+"/"+name, func(b *testing.B) {
				op := mailbox.AddFlags
				for b.Loop() {
					if _, err := s.Store(b.Context(), v, inbox, uids, mailbox.FlagChange{Op: op, Flags: mailbox.Flagged}); err != nil {
						b.Fatal(err)
					}
					op = mailbox.AddFlags + mailbox.RemoveFlags - op
				}
			})
		}
	}
}
