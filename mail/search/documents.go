package search

import (
	"cmp"
	"context"
	"io"
	"maps"
	"slices"
	"sync"

	"haven"
	"haven/mail/document"
	"haven/mail/mailbox"
	"haven/mail/mime"
	"haven/platform/db"
	"haven/platform/errs"
)

// Documents gives the text inside an attachment of that type and file name, at most limit octets of UTF-8; none for one that can't be
// read. The error is r's, or Transient for what may be read later. *document.Pool is one.
type Documents interface {
	Text(ctx context.Context, typ, name string, r io.Reader, limit int) (string, error)
}

const (
	maxDocuments  = 20 // of a letter that are searched inside
	stepDocuments = 8  // letters whose documents are read together
)

// isDocument reports whether a part is searched inside; what isn't text of the letter itself.
func isDocument(p *mime.Part) bool {
	return p.IsLeaf() && p.Envelope == nil && document.KindOf(p.Type+"/"+p.Subtype, p.FileName()) != document.None
}

// hasDocuments reports whether a message has documents, by its structure alone: whoever asks gets the same answer before and after they
// were read.
func hasDocuments(info *mailbox.Info) bool { return len(documentsOf(info, 1)) > 0 }

// documentsOf are the first documents of a message.
func documentsOf(info *mailbox.Info, most int) (list []*mime.Part) {
	if info.Meta.Root == nil {
		return nil
	}
	info.Meta.Root.Walk(func(p *mime.Part) bool {
		if len(list) < most && isDocument(p) {
			list = append(list, p)
		}
		return len(list) < most
	})
	return list
}

// takeDocuments takes in what stands inside the documents, behind the letter's own words.
func (c *content) takeDocuments(ctx context.Context, d Documents, info *mailbox.Info, body io.ReaderAt) error {
	left := maxText
	for _, p := range documentsOf(info, maxDocuments) {
		if left <= 0 || c.full() {
			return nil
		}
		text, err := d.Text(ctx, p.Type+"/"+p.Subtype, p.FileName(), p.Content(body), left)
		if err != nil {
			return err
		}
		left -= len(text)
		c.take(c.body, text)
	}
	return nil
}

// stepDocuments reads the documents of the newest letters that wait for it, and returns of how many letters; 0 means that none waits.
func (s *Service) stepDocuments(ctx context.Context) (int, error) {
	if s.documents == nil {
		return 0, nil
	}
	w := s.worker
	list, err := w.documentsWaiting(ctx)
	if err != nil || len(list) == 0 {
		return 0, err
	}
	if err := s.index.hasRoom(); err != nil {
		return 0, err
	}
	read := make([]inside, len(list))
	var wg sync.WaitGroup
	for i, t := range list {
		wg.Go(func() { read[i] = w.inside(ctx, t) })
	}
	wg.Wait()
	if ours, err := s.turn(ctx); err != nil || !ours { // it took a while
		return 0, err
	}
	s.stepping.Lock()
	defer s.stepping.Unlock()
	return w.putInside(ctx, read)
}

// documentsWaiting are the newest on the list, behind whom those come that could not be read, so that these hold nobody up.
func (w *worker) documentsWaiting(ctx context.Context) (list []todo, err error) {
	err = w.index.main.Read(ctx, func(tx *db.Tx) error {
		list = list[:0]
		return tx.Query(sqlDocuments, []any{int64(stepDocuments + len(w.unread))}, func(r db.Row) error {
			list = append(list, todo{msg: haven.MessageID(r.Int64(0)), account: haven.AccountNo(r.Int64(1))})
			return nil
		})
	})
	if err == nil && len(list) < stepDocuments+len(w.unread) { // that is all: others have gone
		maps.DeleteFunc(w.unread, func(msg haven.MessageID, _ int) bool {
			return !slices.ContainsFunc(list, func(t todo) bool { return t.msg == msg })
		})
	}
	slices.SortStableFunc(list, func(a, b todo) int { return cmp.Compare(w.unread[a.msg], w.unread[b.msg]) })
	return list[:min(len(list), stepDocuments)], err
}

// inside is what came of reading a letter with its documents.
type inside struct {
	todo
	doc *doc // nil: the letter is gone, or err
	err error
}

func (w *worker) inside(ctx context.Context, t todo) (in inside) {
	in.todo = t
	h, err := w.hasher(ctx, t.account)
	if err != nil || h.terms == nil {
		in.err = err
		if err == nil {
			in.err = h.broken
		}
		return in
	}
	c, err := w.contentInside(ctx, t)
	if err == nil {
		var tokens []token
		tokens, err = tokensOf(c, h.hash)
		in.doc = &doc{msg: t.msg, account: t.account, tokens: tokens, documents: true}
	}
	if err != nil && !errs.Is(err, errs.NotFound) {
		in.err = err
	}
	if err != nil {
		in.doc = nil
	}
	return in
}

// contentInside reads the words of a message and of its documents. It holds no snapshot of the database: a document may take seconds.
func (w *worker) contentInside(ctx context.Context, t todo) (c *content, err error) {
	defer recovered(&err)
	info, err := w.info(ctx, t)
	if err != nil {
		return nil, err
	}
	body, err := w.store.Body(ctx, w.itself(t.account), t.msg)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	if c, err = readContent(info, body); err != nil {
		return nil, err
	}
	return c, c.takeDocuments(ctx, w.documents, info, body)
}

// putInside puts what was read into the index, and takes it off the list. A letter that went meanwhile is no longer on the list once it has left
// the index, and must not come back. The caller has the step.
func (w *worker) putInside(ctx context.Context, read []inside) (done int, err error) {
	var cause error
	some := slices.ContainsFunc(read, func(in inside) bool { return in.err == nil })
	for _, in := range read {
		if in.err != nil && !w.givenUp(in, some) {
			cause = in.err
			continue
		}
		delete(w.unread, in.msg)
		waits, err := w.waitsInside(ctx, in.msg)
		if err != nil {
			return done, err
		}
		if waits && in.doc != nil {
			if err := w.put(ctx, []doc{*in.doc}, nil); err != nil {
				return done, err
			}
		}
		if err := w.index.main.Write(ctx, func(tx *db.Tx) error {
			tx.Exec(sqlDocumentsDone, int64(in.msg))
			return nil
		}); err != nil {
			return done, err
		}
		done++
	}
	if done == 0 {
		return 0, cause
	}
	return done, nil
}

// givenUp counts tries of what can't be read, and reports whether these were enough: the letter is then found by its own words alone. Of what
// can't be read just now a try counts where others could be: else it is the machine, and not the letter.
func (w *worker) givenUp(in inside, others bool) bool {
	most := maxTries
	if errs.Is(in.err, errs.Transient) {
		most = maxWaits
		if !others {
			w.unread[in.msg] += 0 // known from now
			return false
		}
	}
	if w.unread[in.msg]++; w.unread[in.msg] < most {
		return false
	}
	w.log.Error("a message's documents can't be read for the search index; they are left out", "message", int64(in.msg), "error", in.err)
	return true
}

func (w *worker) waitsInside(ctx context.Context, msg haven.MessageID) (waits bool, err error) {
	err = w.index.main.Read(ctx, func(tx *db.Tx) error {
		waits = false
		return tx.Query(sqlDocumentsWait, []any{int64(msg)}, func(db.Row) error {
			waits = true
			return nil
		})
	})
	return waits, err
}
