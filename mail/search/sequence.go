package search

import (
	"bytes"
	"unicode/utf8"
)

// spokenIn is words that stand one behind the other in a field that people read, the last of them at least with its beginning. It is
// found by the word index first: whoever asks for a name has not all envelopes opened.
type spokenIn struct {
	of   field
	text string
}

func (spokenIn) query() {}

// InSubject is what somebody who types a text looks for in the subject: each of its words, and what stands between quotes as it stands
// there (RFC 8621 §4.4.1). Words are found by their beginnings.
func InSubject(text string) Query { return eachSpokenIn(fieldSubject, text) }

// InAddresses is InSubject for one of the lists of people: their names and addresses.
func InAddresses(in AddressField, text string) Query { return eachSpokenIn(in.field(), text) }

func eachSpokenIn(of field, text string) Query {
	terms := typed(text)
	all := make(And, 0, len(terms))
	for _, t := range terms {
		all = append(all, spokenIn{of, t.text})
	}
	return all
}

func (p *plan) compileSpokenIn(q spokenIn) node {
	words := p.compileWords(Words{Text, q.text})
	return allOf{words, onSpoken{q.of, spoken(q.text)}}
}

// onSpoken needs an info.
type onSpoken struct {
	of    field
	words []string
}

func (t onSpoken) judge(f *facts) verdict {
	if f.info == nil {
		return maybe
	}
	text := f.fold(t.of)
	return verdictOf(text.there == yes && inSequence(text.text, t.words, begins))
}

// wordsOf are the words of a text, in order.
func wordsOf(text string) (words []string) {
	c := cutter{emit: func(w []byte, joined bool) {
		if !joined {
			words = append(words, string(w))
		}
	}}
	c.add(text)
	c.end()
	return words
}

// spoken are the words of a text one behind the other: in a script without spaces its characters.
func spoken(text string) (words []string) {
	eachSpoken(text, func(w []byte, joined bool) {
		if !joined {
			words = append(words, string(w))
		}
	})
	return words
}

func eachSpoken(text string, emit func(word []byte, joined bool)) {
	c := cutter{emit: func(w []byte, joined bool) {
		if first, n := utf8.DecodeRune(w); n == len(w) || !isUnspaced(first) { // else a pair, whose characters come alone too
			emit(w, joined)
		}
	}}
	c.add(text)
	c.end()
}

func isWord(word, want string) bool { return word == want }

// inSequence reports whether words stand in a text one behind the other, the last as last compares it. A number of ten digits is also found
// where it stands in three groups.
func inSequence(text string, want []string, last func(word, want string) bool) (found bool) {
	n := len(want)
	if n == 0 {
		return false
	}
	behind := make([][]byte, 0, n) // the last n-1 words
	eachSpoken(text, func(w []byte, joined bool) {
		switch {
		case found:
			return
		case joined:
			found = n == 1 && string(w) == want[0]
			return
		}
		found = len(behind) == n-1 && last(string(w), want[n-1])
		for i := 0; found && i < n-1; i++ {
			found = string(behind[i]) == want[i]
		}
		if n == 1 {
			return
		}
		if len(behind) == n-1 {
			first := behind[0][:0]
			copy(behind, behind[1:])
			behind[n-2] = append(first, w...)
		} else {
			behind = append(behind, bytes.Clone(w))
		}
	})
	return found
}
