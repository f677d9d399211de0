package load

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Language has words as real ones do: few are common, most are rare. The same seed gives the same texts.
type Language struct {
	*rand.Rand
	ranks *rand.Zipf
	words []string
}

// vocabulary is how many words a Language has.
const vocabulary = 40_000

// NewLanguage makes one.
func NewLanguage(seed uint64) *Language {
	rnd := rand.New(rand.NewPCG(5, 6)) // all speak the same one
	l := &Language{words: make([]string, vocabulary)}
	const letters = "etaoinshrdlucmfwypvbgkjqxz"
	for i := range l.words {
		var w strings.Builder
		for range 2 + rnd.IntN(4) + rnd.IntN(6) {
			w.WriteByte(letters[min(rnd.IntN(26), rnd.IntN(26))])
		}
		l.words[i] = w.String()
	}
	l.Rand = rand.New(rand.NewPCG(seed, 7))
	l.ranks = rand.NewZipf(l.Rand, 1.1, 4, vocabulary-1)
	return l
}

// Said is a word as often as people say it.
func (l *Language) Said() string { return l.words[l.ranks.Uint64()] }

// SoughtWord is a word as people look for it: not one of those that stand everywhere.
func (l *Language) SoughtWord() string { return l.words[200+l.IntN(vocabulary-200)] }

// Sought is what somebody types to find a letter: a word, its beginning, two words, or now and then what everybody says.
func (l *Language) Sought() string {
	switch w := l.SoughtWord(); l.IntN(10) {
	case 0:
		return w[:min(len(w), 4)]
	case 1, 2:
		return w + " " + l.Said()
	case 3:
		return l.Said()
	default:
		return w
	}
}

// Text is so many words.
func (l *Language) Text(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(l.Said())
		if i%12 == 11 {
			b.WriteString("\r\n")
		} else {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// Letter is a letter of 200 words with a subject of five, the n-th.
func (l *Language) Letter(n int, to string) string {
	return fmt.Sprintf("From: %s %s <%s@elsewhere.test>\r\nTo: <%s>\r\nSubject: %s %d\r\nMessage-ID: <%d.%d@elsewhere.test>\r\n"+
		"Date: Sun, 22 Nov 2026 06:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n",
		l.Said(), l.Said(), l.Said(), to, strings.TrimSpace(strings.ReplaceAll(l.Text(5), "\r\n", " ")), n, n, time.Now().UnixNano(), l.Text(200))
}
