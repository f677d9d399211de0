package delivery

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"haven"
	"haven/mail/attachment"
	"haven/mail/mailbox"
	"haven/mail/mime"
	"haven/platform/blob"
	"haven/platform/db"
	"haven/platform/errs"
)

// removal is the original of a letter out of which files were removed. nil: nothing was.
type removal struct {
	original blob.Stored
	names    []string
}

func (r *removal) count() int {
	if r == nil {
		return 0
	}
	return max(1, len(r.names)) // 1: a letter held whole
}

// guard makes a letter durable, with programs and macro documents replaced by a notice (Rules 10). The letter that is
// returned is the one to file. What is signed or encrypted is never altered: where a signed part holds a program the
// letter is held whole, and a notice is filed in its place. After an error nothing is left of it.
// inText says that the letter's text may hold files as well.
func (s *Service) guard(ctx context.Context, w *mailbox.LetterWriter, inText bool) (*mailbox.Letter, *removal, error) {
	letter, err := w.Finish(ctx)
	if err != nil {
		return nil, nil, err
	}
	m := letter.Message()
	if !inText && m.Unclear == "" && !anySuspect(m) {
		return letter, nil, nil
	}
	done, err := s.turn(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer done()
	stored := letter.Stored()
	body, err := s.o.Bodies.Open(stored.Loc, stored.ID, stored.Key)
	if err != nil {
		return nil, nil, err
	}
	defer body.Close()
	until := s.o.Clock.Now().Add(s.o.Policy.RemovedKept)
	look := looking{Looker: attachment.NewLooker(), m: m, letter: body, inText: inText}
	why := "is built in a way that mail programs read differently: " + m.Unclear
	var names []string
	if m.Unclear == "" {
		why = "is signed, and cannot be changed without breaking the signature"
		if names, err = look.protected(); err != nil {
			return nil, nil, err
		}
	}
	if m.Unclear != "" || len(names) > 0 {
		instead, err := s.copyOf(ctx, strings.NewReader(heldWhole(m.Header, why, names, until)))
		return instead, &removal{stored, names}, err
	}
	changed, gone, err := mime.ReplaceParts(body, m, func(p *mime.Part) (string, bool) {
		bad := look.harm(p)
		if len(bad) == 0 {
			return "", false
		}
		names = append(names, bad...)
		return removedText(strings.Join(bad, ", "), until), true
	})
	switch {
	case err != nil:
		return nil, nil, err
	case look.err != nil:
		return nil, nil, look.err
	case len(gone) == 0:
		return letter, nil, nil
	}
	instead, err := s.copyOf(ctx, changed)
	if err != nil {
		return nil, nil, err
	}
	return instead, &removal{stored, names}, nil
}

// turnWait is how long a letter waits to be looked into, or for its footer. The client gives up after ten minutes (RFC 5321 §4.5.3.2.6) and sends
// the letter again, whatever became of it.
const turnWait = 3 * time.Minute

// turn waits until a letter may be looked into, which costs a processor for as long as it takes.
func (s *Service) turn(ctx context.Context) (done func(), err error) {
	return s.token(ctx, s.looks, "Too many letters with files at once. Try again later.")
}

// token waits for one of a few, and says why not where none comes free.
func (s *Service) token(ctx context.Context, of chan struct{}, say string) (done func(), err error) {
	t := s.o.Clock.NewTimer(turnWait)
	defer t.Stop()
	select {
	case of <- struct{}{}:
		return func() { <-of }, nil
	case <-t.C():
		err = context.DeadlineExceeded
	case <-ctx.Done():
		err = ctx.Err()
	}
	return nil, errs.Wrap(errs.Transient, err, say)
}

// copyOf makes another letter durable.
func (s *Service) copyOf(ctx context.Context, r io.Reader) (*mailbox.Letter, error) {
	w, err := s.written(ctx, r)
	if err != nil {
		return nil, err
	}
	return w.Finish(ctx)
}

// written is another letter before it is durable.
func (s *Service) written(ctx context.Context, r io.Reader) (*mailbox.LetterWriter, error) {
	w, err := s.o.Store.NewLetter(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(w, r); err != nil {
		w.Abort()
		return nil, err
	}
	return w, nil
}

// anySuspect tells, without reading content, whether a letter has to be looked at: hardly any has.
func anySuspect(m *mime.Message) bool {
	found := false
	m.Root.Walk(func(p *mime.Part) bool {
		found = found || attachment.Judged(p) && attachment.SuspectPart(m, p) != attachment.Harmless
		return !found
	})
	return found
}

// looking is a look at a letter's parts. Its first error stays, and then nothing that it says counts.
type looking struct {
	*attachment.Looker
	m      *mime.Message
	letter io.ReaderAt
	inText bool
	err    error
}

// protected names the harmful files within what is signed. What is encrypted can't be looked into, and passes.
func (l *looking) protected() (names []string, err error) {
	l.m.Root.Walk(func(p *mime.Part) bool {
		if !p.IsProtected() {
			return l.err == nil
		}
		p.Walk(func(inner *mime.Part) bool {
			names = append(names, l.harm(inner)...)
			return l.err == nil
		})
		return false
	})
	return names, l.err
}

// harm names what is harmful in one part, reading it where its name and type leave it open.
func (l *looking) harm(p *mime.Part) (names []string) {
	if l.err != nil || !attachment.Judged(p) {
		return nil
	}
	var bad bool
	bad, l.err = l.Part(l.m, p, l.letter)
	switch {
	case l.err != nil:
		return nil
	case bad:
		return []string{shownName(l.m, p)}
	case l.inText && p.Type == "text":
		names, l.err = l.HarmInText(p.Content(l.letter))
	}
	return names
}

// heldWhole is the letter that stands for one that is held: its header, and a notice that says why. Files may be named in it.
func heldWhole(h mime.Header, why string, names []string, until time.Time) string {
	out := keepFields(nil, h, func(f mime.Field) bool {
		for _, name := range []string{"From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Subject", "Date", "Message-ID", "In-Reply-To", "References"} {
			if f.Is(name) {
				return true
			}
		}
		return false
	})
	text := "This letter " + why + ". It is held whole.\r\n\r\n"
	if len(names) > 0 {
		text += removedText(strings.Join(names, ", "), until)
	} else {
		text += "The original is kept until " + until.Format("2 January 2006") + ". If you need it, ask the helpdesk to release it to you,\r\n" +
			"or its sender to send it once more with another program.\r\n"
	}
	return string(out) + "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + text
}

func shownName(m *mime.Message, p *mime.Part) string {
	for _, name := range append([]string{p.FileName()}, m.Names(p)...) {
		if name != "" {
			return name
		}
	}
	return "without a name"
}

// removedText stands in the place of a file that was removed.
func removedText(name string, until time.Time) string {
	return fmt.Sprintf("The attachment %q was removed from this letter.\r\n\r\n"+
		"Programs, documents with macros, and archives that hold them or that cannot be looked into, can harm the computer\r\n"+
		"of whoever opens them, so this service takes them out. The original is kept until %s. If you need it,\r\n"+
		"ask the helpdesk to release it to you, or its sender to send the files themselves, or a plain zip file.\r\n",
		name, until.Format("2 January 2006"))
}

// insert writes that the original is held for each account that got the letter without it. It is nil-safe.
func (r *removal) insert(ctx context.Context, s *Service, accounts []haven.AccountNo, now time.Time) (func(tx *db.Tx) error, error) {
	if r == nil {
		return nil, nil
	}
	type row struct {
		account int64
		wrapped []byte
	}
	var rows []row
	seen := map[int64]bool{}
	for _, no := range accounts {
		an := int64(no)
		if seen[an] {
			continue
		}
		seen[an] = true
		keys, err := s.o.Keys.Account(ctx, no)
		if err != nil {
			return nil, err
		}
		key := [32]byte(r.original.Key)
		wrapped, err := keys.WrapBody(nil, &key, int64(r.original.ID))
		if err != nil {
			return nil, err
		}
		rows = append(rows, row{an, wrapped})
	}
	until := now.Add(s.o.Policy.RemovedKept).UnixMicro()
	return func(tx *db.Tx) error {
		blob.Insert(tx, r.original)
		for _, row := range rows {
			tx.Exec(sqlHold, row.account, int64(r.original.ID), row.wrapped, r.original.Size, until)
		}
		return nil
	}, nil
}
