package sending

import (
	"context"
	"fmt"
	"strings"

	"haven"
	"haven/mail/mime"
	"haven/platform/db"
	"haven/platform/errs"
)

// tell files a notice that a letter was not sent, or not to all, in the mailbox that it was to be sent from, and in its person's own.
func (s *Service) tell(ctx context.Context, w work) error {
	what, err := s.open(ctx, &w)
	if err != nil {
		return err
	}
	struck := func(tx *db.Tx) error {
		n, err := tx.Change(sqlTold, int64(w.an), int64(w.id), w.tries)
		if err == nil && n == 0 {
			err = errWithdrawn
		}
		return err
	}
	first := true
	for _, no := range []haven.AccountNo{w.an, w.person} {
		if no == w.an && !first {
			continue
		}
		also := struck
		if !first {
			also = nil
		}
		err := s.tellAt(ctx, no, w, what, also)
		if first && err != nil {
			if errs.Is(err, errs.NotFound) || errs.Is(err, errs.Denied) { // the mailbox takes nothing any more
				return s.o.DB.Write(ctx, struck)
			}
			return err
		}
		if err != nil {
			s.o.Logger.Warn("sending: who sent a letter could not be told", "error", err)
		}
		first = false
	}
	return nil
}

func (s *Service) tellAt(ctx context.Context, no haven.AccountNo, w work, what said, also func(*db.Tx) error) error {
	to, name, err := s.o.People.Address(ctx, no)
	if err != nil {
		return err
	}
	return s.o.Post.File(ctx, to, s.notice(mime.AddressOf(name, to), w, what), also)
}

// notice says what became of a letter. It names no subject: who reads it need not be who wrote the letter.
func (s *Service) notice(to mime.Address, w work, what said) []byte {
	at := w.sendAt.UTC().Format("2 January 2006, 15:04 UTC")
	subject, text := "A letter was not sent", fmt.Sprintf("A letter that was to be sent from %s on %s was not sent. Nobody has got it. It is in Drafts again, unless it was taken away.\n\n%s\n",
		what.Envelope.From.Email, at, what.Why)
	if w.undo == Final {
		subject = "A letter was not sent to all"
		text = fmt.Sprintf("A letter that was sent from %s on %s could not be delivered to some of its recipients:\n\n%s\n\nReach them another way: they have not got it.\n",
			what.Envelope.From.Email, at, what.Why)
	} else {
		text += "\nIt was for:\n\n" + strings.Join(emails(what.Envelope.To), "\n") + "\n"
	}
	l := mime.Letter{UTF8: true}
	l.Date(s.o.Clock.Now()).Addresses("From", mime.AddressOf("Mail delivery", s.o.Postmaster)).Addresses("To", to).Text("Subject", subject).
		IDs("Message-ID", "sending."+w.id.text()+"@"+s.o.Postmaster.Domain).Raw("Auto-Submitted", "auto-replied")
	return l.Bytes(mime.NewText(text))
}

func emails(parties []Party) (out []string) {
	for _, p := range parties {
		out = append(out, p.Email)
	}
	return out
}
