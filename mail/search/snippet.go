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
	"haven/platform/blob"
	"haven/platform/errs"
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
	if len(words) == 0 || info.Meta.Root == nil {
		return "", nil
	}
	body, err := s.store.Body(ctx, v, info.Msg)
	if errs.Is(err, errs.NotFound) || errors.Is(err, blob.ErrDamaged) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer body.Close()
	m := mime.Message{Envelope: info.Meta.Envelope, Root: info.Meta.Root, Size: info.Meta.Size}
	err = m.SearchText(body, maxText, func(from mime.Source, text string) bool {
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
	for _, w := range wordSpans(text) {
		folded := Fold(text[w.from:w.to])
		if slices.ContainsFunc(words, func(word string) bool { return begins(folded, word) }) {
			found = append(found, w)
			continue
		}
		found = append(found, within(text, w, words)...)
	}
	return found
}

// wordSpans are the runs of letters and digits of a text.
func wordSpans(text string) (all []span) {
	from := -1
	for i, r := range text {
		folded, _ := utf8.DecodeRuneInString(Fold(string(r)))
		word := isWordRune(folded) && folded != utf8.RuneError
		switch {
		case word && from < 0:
			from = i
		case !word && from >= 0 && Fold(string(r)) != "": // an accent by itself ends no word
			all, from = append(all, span{from, i}), -1
		}
	}
	if from >= 0 {
		all = append(all, span{from, len(text)})
	}
	return all
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
	found := marks(text, words)
	if len(found) == 0 {
		return ""
	}
	text, found = oneLine(text, found)
	for room := 180; room >= 0; room -= 20 {
		from, to := around(text, found[0], room)
		if out := strings.TrimSpace(marked(text, found, from, to)); len(out) <= mostSnippet {
			return out
		}
	}
	return ""
}

// around is a piece of so many octets more than a word, most of them behind it, that begins and ends between words where it can.
func around(text string, w span, room int) (from, to int) {
	from, to = max(0, w.from-room/3), min(len(text), w.to+room-room/3)
	for from > 0 && from < w.from && text[from-1] != ' ' {
		from++
	}
	for to < len(text) && to > w.to && text[to] != ' ' {
		to--
	}
	return from, to
}

// oneLine is a text around its first word found with single spaces for all others, and where the words are then.
func oneLine(text string, found []span) (string, []span) {
	lo := max(0, found[0].from-400)
	for lo > 0 && !utf8.RuneStart(text[lo]) {
		lo--
	}
	hi := min(len(text), found[0].to+1200)
	for hi < len(text) && !utf8.RuneStart(text[hi]) {
		hi++
	}
	var b strings.Builder
	place := make([]int, hi-lo+1)
	space := true
	for i := lo; i < hi; i++ {
		place[i-lo] = b.Len()
		if c := text[i]; c == ' ' || c == '\n' || c == '\r' || c == '\t' {
			if !space {
				b.WriteByte(' ')
			}
			space = true
			continue
		}
		b.WriteByte(text[i])
		space = false
	}
	place[hi-lo] = b.Len()
	var moved []span
	for _, f := range found {
		if f.from >= lo && f.to <= hi {
			moved = append(moved, span{place[f.from-lo], place[f.to-lo]})
		}
	}
	return b.String(), moved
}
