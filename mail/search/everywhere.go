package search

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mime"
	"haven/platform/blob"
	"haven/platform/errs"
)

// Phrase is words that stand one behind the other. It is for Everywhere, alone or in an And.
type Phrase struct {
	In   Place
	Text string
}

func (Phrase) query() {}

// Said is what somebody looks for who types a text: each of its words and, between quotes, phrases (RFC 8621 §4.4.1).
func Said(in Place, text string) Query {
	terms := typed(text)
	all := make(And, 0, len(terms))
	for _, t := range terms {
		if t.quoted {
			all = append(all, Phrase{in, t.text})
		} else {
			all = append(all, Words{in, t.text})
		}
	}
	return all
}

// term is a word, or what stood between quotes.
type term struct {
	text   string
	quoted bool
}

// typed cuts a text at its spaces, but not within quotes. A backslash takes the meaning from what follows it; a quote that nothing ends
// goes to the end, and one within a word is none.
func typed(s string) (terms []term) {
	var word strings.Builder
	quote, begun := rune(0), false
	end := func(quoted bool) {
		if word.Len() > 0 {
			terms = append(terms, term{word.String(), quoted})
		}
		word.Reset()
		begun = false
	}
	escaped := false
	for _, c := range s {
		switch {
		case escaped:
			word.WriteRune(c)
			escaped = false
		case c == '\\':
			escaped, begun = true, true
		case quote != 0 && c == quote:
			end(true)
			quote = 0
		case quote != 0:
			word.WriteRune(c)
		case (c == '"' || c == '\'') && !begun:
			quote = c
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			end(false)
		default:
			word.WriteRune(c)
			begun = true
		}
	}
	end(quote != 0)
	return terms
}

// Everywhere finds the messages of a whole account that q is true of, ascending. One that is gone may still be among them for a minute: whoever
// shows them knows which there are. The error is as for Search.
func (s *Service) Everywhere(ctx context.Context, v mailbox.Viewer, q Query) ([]haven.MessageID, error) {
	q, phrases := phrasesOf(q)
	names, err := s.store.Keywords(ctx, v)
	if err != nil {
		return nil, err
	}
	p, err := newPlan(q, names, s.clock.Now())
	if err != nil {
		return nil, err
	}
	msgs, done, err := s.byIndex(ctx, v, p)
	if !done && err == nil {
		msgs, err = s.byFolder(ctx, v, q)
	}
	for i := 0; i < len(phrases) && err == nil; i++ {
		msgs, err = s.saying(ctx, v, msgs, phrases[i])
	}
	return msgs, err
}

// byIndex finds messages by what the word index says of them; done is false where it says too little.
func (s *Service) byIndex(ctx context.Context, v mailbox.Viewer, p *plan) (msgs []haven.MessageID, done bool, err error) {
	tests, only := needed(p.root), onlyWords(p.root)
	if len(tests) == 0 || s.few == 0 {
		return nil, false, nil
	}
	a, err := s.index.ask(ctx, v, p.words, 0, math.MaxInt64)
	if err != nil {
		return nil, false, err
	}
	open, few := a.candidates(tests, math.MaxInt)
	if !few {
		return nil, false, nil // the index can't be trusted now
	}
	if only { // what is sure needs no look
		msgs = a.sure(tests)
		open = without(open, msgs)
	}
	if len(open) > s.few {
		return nil, false, nil
	}
	e := evaluation{Service: s, ctx: ctx, v: v, plan: p}
	if err := e.among(Anywhere, open, a); err != nil {
		return nil, false, err
	}
	for _, r := range e.found() {
		msgs = append(msgs, r.Msg)
	}
	slices.Sort(msgs)
	return msgs, true, nil
}

// without are the messages of a that are not in b, both ascending.
func without(a, b []haven.MessageID) []haven.MessageID {
	out := a[:0]
	for _, m := range a {
		for len(b) > 0 && b[0] < m {
			b = b[1:]
		}
		if len(b) == 0 || b[0] != m {
			out = append(out, m)
		}
	}
	return out
}

// byFolder finds messages folder by folder.
func (s *Service) byFolder(ctx context.Context, v mailbox.Viewer, q Query) (msgs []haven.MessageID, err error) {
	folders, err := s.store.Folders(ctx, v)
	if err != nil {
		return nil, err
	}
	for _, f := range folders {
		if f.Total == 0 {
			continue
		}
		err := s.find(ctx, v, f.No, q, func(rows []mailbox.Row) error {
			for i := range rows {
				msgs = append(msgs, rows[i].Msg)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(msgs)
	return slices.Compact(msgs), nil
}

// Anywhere stands for all folders of an account: RowsOf then gives one row of each message.
const Anywhere haven.MailboxNo = 0

// phrasesOf takes the phrases out of a query and leaves their words.
func phrasesOf(q Query) (Query, []Phrase) {
	if p, ok := q.(Phrase); ok {
		return Words(p), []Phrase{p}
	}
	all, ok := q.(And)
	if !ok {
		return q, nil
	}
	var phrases []Phrase
	out := make(And, len(all))
	for i, sub := range all {
		out[i] = sub
		if p, ok := sub.(Phrase); ok {
			out[i] = Words(p)
			phrases = append(phrases, p)
		}
	}
	return out, phrases
}

// saying are those of some messages that have a phrase.
func (s *Service) saying(ctx context.Context, v mailbox.Viewer, msgs []haven.MessageID, p Phrase) (found []haven.MessageID, err error) {
	want := spoken(p.Text)
	if len(want) < 2 {
		return msgs, nil
	}
	for part := range slices.Chunk(msgs, readMany) {
		err := s.inTurn(ctx, len(msgs) <= readFew, func() error {
			return s.store.Infos(ctx, v, part, func(i int, info *mailbox.Info) error {
				ok, err := s.says(ctx, v, info, p.In, want)
				if ok {
					found = append(found, part[i])
				}
				return errors.Join(err, stopped(ctx))
			})
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (s *Service) says(ctx context.Context, v mailbox.Viewer, info *mailbox.Info, in Place, want []string) (found bool, err error) {
	err = s.readText(ctx, v, info, func(from mime.Source, text string) bool {
		found = (from != mime.FromHeader || in == Text) && inSequence(text, want, isWord)
		return !found
	})
	return found, err
}

// readText is eachText for a message of the store; one that is gone, or can't be read any more, says nothing.
func (s *Service) readText(ctx context.Context, v mailbox.Viewer, info *mailbox.Info, yield func(from mime.Source, text string) bool) error {
	body, err := s.store.Body(ctx, v, info.Msg)
	if errs.Is(err, errs.NotFound) || errors.Is(err, blob.ErrDamaged) {
		return nil
	}
	if err != nil {
		return err
	}
	defer body.Close()
	return eachText(info, body, yield)
}

// SortKeys are what messages are compared by, octet by octet, in the order asked; that of a message that is gone, or lacks it, is empty. by is one
// of what is sealed.
func (s *Service) SortKeys(ctx context.Context, v mailbox.Viewer, msgs []haven.MessageID, by SortBy) ([]string, error) {
	keys := make([]string, len(msgs))
	rows := make([]mailbox.Row, len(msgs))
	for i, m := range msgs {
		rows[i].Msg = m
	}
	err := s.envelopes(ctx, v, rows, func(i int, info *mailbox.Info) {
		if by == ByDate {
			if t, ok := info.Meta.Envelope.Sent(); ok {
				keys[i] = fmt.Sprintf("%016x", uint64(t.UnixMicro())^1<<63)
			}
			return
		}
		var item Sorting
		item.setTexts(&info.Meta.Envelope, []SortKey{{By: by}})
		keys[i] = item.texts[by]
	})
	return keys, err
}
