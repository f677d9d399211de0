package delivery

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mime"
	"haven/platform/db"
	"haven/platform/errs"
)

// Footers says what letters from a mailbox end with by law; package legal is behind it.
type Footers interface {
	// FooterOf is the lines that letters from an account end with, none where the law asks for nothing. It is not complete where somebody has still to write down
	// what they are to say.
	FooterOf(ctx context.Context, account haven.AccountNo) (lines []string, complete bool, err error)
}

// lacking is why a letter went without what the law has it say.
type lacking uint8

const (
	nothingLacks    lacking = 0
	lacksParticular lacking = 1 // nobody has written them down
	lacksFooter     lacking = 2 // the letter is signed, encrypted, as large as any may be, or written so that nothing can be added
)

// toldEach is how often somebody is told of one mailbox and one reason.
const toldEach = 24 * time.Hour

// end puts the footer of the mailbox that the letter is from at its end, in the letter and in the copy for Sent. What is sent on as it is (RFC 5322 §3.6.6) stays so.
func (l *SubmittedLetter) end(ctx context.Context, letter, kept *mailbox.Letter) (to, copied *mailbox.Letter, why lacking, err error) {
	s := l.sub.s
	if s.o.Footers == nil || letter.Message().Header.Has("Resent-From") {
		return letter, kept, nothingLacks, nil
	}
	lines, complete, err := s.o.Footers.FooterOf(ctx, l.from.Account)
	if err != nil || len(lines) == 0 {
		if err == nil && !complete {
			why = lacksParticular
		}
		return letter, kept, why, err
	}
	l.footer = lines
	to, high, why, err := l.ended(ctx, letter)
	copied = to
	if err == nil && why == nothingLacks && kept != letter {
		copied, _, why, err = l.ended(ctx, kept)
	}
	if err != nil || why != nothingLacks { // both or none: the copy is what was sent
		return letter, kept, why, err
	}
	l.high = l.high || high
	return to, copied, nothingLacks, nil
}

// endOwn is a text that the service sends for a mailbox, with the mailbox's footer at its end. Where nobody has written down what it is to say there is none: who sends
// letters as the mailbox is told so.
func (s *Service) endOwn(ctx context.Context, account haven.AccountNo, text string) (string, error) {
	if s.o.Footers == nil {
		return text, nil
	}
	lines, _, err := s.o.Footers.FooterOf(ctx, account)
	if err != nil || len(lines) == 0 {
		return text, err
	}
	return strings.TrimRight(text, "\r\n") + "\n\n" + strings.Join(lines, "\n") + "\n", nil
}

// ended is a letter with the footer at its end, and whether that has octets over 127.
func (l *SubmittedLetter) ended(ctx context.Context, letter *mailbox.Letter) (with *mailbox.Letter, high bool, why lacking, err error) {
	w, high, err := l.writeEnded(ctx, letter)
	switch {
	case err != nil && goesWithout(err):
		return nil, false, lacksFooter, nil
	case err != nil:
		return nil, false, 0, err
	case w.Parsed().Unclear != letter.Message().Unclear: // better without than broken
		w.Abort()
		return nil, false, lacksFooter, nil
	}
	with, err = w.Finish(ctx)
	return with, high, nothingLacks, err
}

// writeEnded writes a letter with the footer at its end. Nobody waits for it any more once it is written: to make it durable takes no memory.
func (l *SubmittedLetter) writeEnded(ctx context.Context, letter *mailbox.Letter) (w *mailbox.LetterWriter, high bool, err error) {
	s := l.sub.s
	done, err := s.endTurn(ctx, letter.Message())
	if err != nil {
		return nil, false, err
	}
	defer done()
	stored := letter.Stored()
	body, err := s.o.Bodies.Open(stored.Loc, stored.ID, stored.Key)
	if err != nil {
		return nil, false, err
	}
	defer body.Close()
	changed, err := mime.AddFooter(body, letter.Message(), l.footer)
	if err != nil {
		return nil, false, err
	}
	watched := &highReader{Reader: changed}
	w, err = s.written(ctx, watched)
	return w, watched.high, err
}

// endTurn waits until a letter may get its footer.
func (s *Service) endTurn(ctx context.Context, m *mime.Message) (done func(), err error) {
	of, text := s.ends, int64(0)
	m.Root.Walk(func(p *mime.Part) bool {
		if p.Type == "text" && !p.IsAttachment() {
			text += p.Octets()
		}
		return p.Envelope == nil
	})
	if text > largeText {
		of = s.looks
	}
	return s.token(ctx, of, "Too many letters are sent at once. Try again later.")
}

// goesWithout reports whether an error is of the letter, which is then sent as it is: it was taken, and SIZE was kept.
func goesWithout(err error) bool {
	if errors.Is(err, mime.ErrProtected) || errors.Is(err, mime.ErrUnfit) || errors.Is(err, mime.ErrHeaderTooLong) {
		return true
	}
	var e *errs.Error
	return errors.As(err, &e) && e.Rule == mailbox.RuleSize
}

// highReader notes whether octets over 127 pass.
type highReader struct {
	io.Reader
	high bool
}

func (r *highReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.high = r.high || hasHigh(p[:n])
	return n, err
}

// tellLacking tells the person who sent a letter why it went without what the law has it say, once a day. That nobody could be told is no reason to refuse the letter, which
// has gone.
func (l *SubmittedLetter) tellLacking(ctx context.Context, why lacking) {
	s, who := l.sub.s, l.sub.who
	if why == nothingLacks || s.o.DB == nil {
		return
	}
	now := s.o.Clock.Now()
	since := now.Add(-toldEach).UnixMicro()
	told := false
	err := s.o.DB.Read(ctx, func(tx *db.Tx) error {
		return tx.Query(sqlToldLacking, []any{int64(who.Person), int64(l.from.Account), int64(why), since}, func(db.Row) error { told = true; return nil })
	})
	if err == nil && !told {
		o := Own{Name: "Haven", From: s.o.Postmaster, To: who.Address, ID: newID()}
		o.Subject, o.Text = lackingText(why, l.as, l.footer)
		err = s.File(ctx, o.To, o.bytes(s), func(tx *db.Tx) error {
			tx.Exec(sqlTellLacking, int64(who.Person), int64(l.from.Account), int64(why), now.UnixMicro())
			return nil
		})
	}
	if err != nil && !errs.Is(err, errs.NotFound) {
		s.o.Logger.LogAttrs(ctx, slog.LevelWarn, "who sent a letter could not be told what it lacks", slog.String("letter", l.id), slog.Any("error", err))
	}
}

func lackingText(why lacking, from haven.Address, lines []string) (subject, text string) {
	if why == lacksFooter {
		return "Your letter went without the legal particulars", fmt.Sprintf("You sent a letter from %s that is signed, encrypted, as large as a letter may be, or written so that nothing "+
			"could be put at its end. The law has every letter of a business say who it is: next time write this into it, before you sign it if you do:\n\n%s\n", from, strings.Join(lines, "\n"))
	}
	return "Letters from " + from.String() + " lack the legal particulars", fmt.Sprintf("You sent a letter from %s. The law has every e-mail of a business say who it is, "+
		"and nobody has written that down yet, so your letter went without it.\n\nAn owner of the mailbox does so on its page, under Legal particulars. It takes two minutes, and is put at the end "+
		"of every letter from then on.\n", from)
}
