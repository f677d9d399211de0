package search

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mime"
)

// Snippet is where a message says what somebody looked for, as HTML in which the words are between <mark> and </mark> and all else is
// escaped; "" where they are not.
type Snippet struct {
	Subject string
	Preview string // of the text, at most 255 octets (RFC 8621 §5)
}

// mostSnippet is how many octets a preview has, with its marks.
const mostSnippet = 255

// Typed are the words that somebody who types a text looks for, folded.
func Typed(text string) (words []string) {
	for _, t := range typed(text) {
		for _, w := range wordsOf(t.text) {
			if !slices.Contains(words, w) {
				words = append(words, w)
			}
		}
	}
	return words
}

// Snippets calls fn with the snippet of each message that is there, in the order asked. subject and body are the words that are looked for in
// either, as Typed gives them.
func (s *Service) Snippets(ctx context.Context, v mailbox.Viewer, msgs []haven.MessageID, subject, body []string, fn func(i int, sn Snippet)) error {
	return s.inTurn(ctx, len(msgs) <= readFew, func() error {
		return s.store.Infos(ctx, v, msgs, func(i int, info *mailbox.Info) error {
			var sn Snippet
			text := mime.DecodeHeader(info.Meta.Envelope.Subject)
			if found := marks(text, subject); len(found) > 0 {
				sn.Subject = marked(text, found, 0, len(text))
			}
			var err error
			sn.Preview, err = s.preview(ctx, v, info, body)
			if err == nil {
				fn(i, sn)
			}
			return errors.Join(err, stopped(ctx))
		})
	})
}

// preview is the first place in a message's text where a word is.
func (s *Service) preview(ctx context.Context, v mailbox.Viewer, info *mailbox.Info, words []string) (out string, err error) {
	if len(words) == 0 {
		return "", nil
	}
	err = s.readText(ctx, v, info, func(from mime.Source, text string) bool {
		if from != mime.FromBody {
			return true
		}
		out = excerpt(text, words)
		return out == ""
	})
	return out, err
}

// span is octets of a text, from and up to.
type span struct{ from, to int }

// marks are the words of a text that begin with one of those looked for; in a script without spaces, where it stands.
func marks(text string, words []string) (found []span) {
	eachWord(text, func(w span) bool {
		found = append(found, marksIn(text, w, words)...)
		return true
	})
	return found
}

// marksIn is what of one word is looked for.
func marksIn(text string, w span, words []string) []span {
	if first, _ := utf8.DecodeRuneInString(text[w.from:]); isUnspaced(first) {
		return within(text, w, words)
	}
	folded := Fold(text[w.from:w.to])
	if slices.ContainsFunc(words, func(word string) bool { return begins(folded, word) }) {
		return []span{w}
	}
	return within(text, w, words)
}

// eachWord calls fn with the runs of letters and digits of a text until it returns false.
func eachWord(text string, fn func(span) bool) {
	from := -1
	var fold []byte
	for i, r := range text {
		part, accent := false, false
		if r < utf8.RuneSelf {
			part = isWordRune(rune(lowerASCII(byte(r))))
		} else if _, n := utf8.DecodeRuneInString(text[i:]); r != utf8.RuneError {
			fold = appendFoldRune(fold[:0], text[i:i+n])
			first, _ := utf8.DecodeRune(fold)
			part, accent = isWordRune(first), len(fold) == 0 // an accent by itself ends no word
		}
		switch {
		case part && from < 0:
			from = i
		case !part && !accent && from >= 0:
			if !fn(span{from, i}) {
				return
			}
			from = -1
		}
	}
	if from >= 0 {
		fn(span{from, len(text)})
	}
}

// within are the characters of a run in a script without spaces that are looked for.
func within(text string, w span, words []string) (found []span) {
	for i := w.from; i < w.to; {
		r, n := utf8.DecodeRuneInString(text[i:])
		if !isUnspaced(r) {
			i += n
			continue
		}
		end := 0
		for _, word := range words {
			if first, _ := utf8.DecodeRuneInString(word); isUnspaced(first) && strings.HasPrefix(text[i:w.to], word) {
				end = max(end, len(word))
			}
		}
		if end == 0 {
			i += n
			continue
		}
		if k := len(found) - 1; k >= 0 && found[k].to == i {
			found[k].to = i + end
		} else {
			found = append(found, span{i, i + end})
		}
		i += end
	}
	return found
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// marked is a piece of a text as HTML, with spans of it marked.
func marked(text string, found []span, from, to int) string {
	var b strings.Builder
	at := from
	for _, f := range found {
		if f.from < from || f.to > to {
			continue
		}
		b.WriteString(escaper.Replace(text[at:f.from]) + "<mark>" + escaper.Replace(text[f.from:f.to]) + "</mark>")
		at = f.to
	}
	b.WriteString(escaper.Replace(text[at:to]))
	return b.String()
}

// excerpt is a piece of a text around the first words found, short enough with its marks; "" where none is.
func excerpt(text string, words []string) string {
	first, ok := firstMark(text, words)
	if !ok {
		return ""
	}
	text = oneLine(text, first)
	found := marks(text, words)
	if len(found) == 0 {
		return ""
	}
	for room := 180; room >= 0; room -= 20 {
		from, to := around(text, found[0], room/3, room-room/3)
		if out := strings.TrimSpace(marked(text, found, from, to)); len(out) <= mostSnippet {
			return out
		}
	}
	return ""
}

// firstMark is the first that is looked for in a text.
func firstMark(text string, words []string) (first span, ok bool) {
	eachWord(text, func(w span) bool {
		if found := marksIn(text, w, words); len(found) > 0 {
			first, ok = found[0], true
		}
		return !ok
	})
	return first, ok
}

// Octets of a text that are looked at before and behind the first word found.
const (
	lookBefore = 400
	lookBehind = 1200
)

// oneLine is a text around a word, with single spaces for all others.
func oneLine(text string, w span) string {
	from, to := around(text, w, lookBefore, lookBehind)
	return strings.Join(strings.Fields(text[from:to]), " ")
}

// around is a piece of at most so many octets before and behind a word, which begins and ends between words where there are spaces to do so.
func around(text string, w span, before, behind int) (from, to int) {
	from, to = max(0, w.from-before), min(len(text), w.to+behind)
	if i := strings.IndexAny(text[from:w.from], " \n"); from > 0 && i >= 0 {
		from += i
	}
	if i := strings.LastIndexAny(text[w.to:to], " \n"); to < len(text) && i >= 0 {
		to = w.to + i
	}
	for from < w.from && !utf8.RuneStart(text[from]) {
		from++
	}
	for to > w.to && to < len(text) && !utf8.RuneStart(text[to]) {
		to--
	}
	return from, to
}
