package search

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestFold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"Repeat PRESCRIPTION", "repeat prescription"},
		{"Zoë Ångström", "zoe angstrom"},
		{"Zoe\u0308", "zoe"},
		{"STRASSE Straße STRAẞE", "strasse strasse strasse"},
		{"ﬁnal", "final"},
		{"ΟΔΥΣΣΕΥΣ Οδυσσεύς", "οδυσσευσ οδυσσευσ"},
		{"İIıi", "iiii"},
		{"５００ｍｇ", "500mg"},
		{"x²", "x2"},
		{"a\u00a0b", "a b"},
		{"\xff", "\ufffd"},
	} {
		if got := Fold(c.in); got != c.want {
			t.Errorf("Fold(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

// TestFoldEveryRune: folding twice changes nothing more, and no character's fold is cut differently the second time.
func TestFoldEveryRune(t *testing.T) {
	t.Parallel()
	for r := rune(0); r <= utf8.MaxRune; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		once := Fold(string(r))
		if twice := Fold(once); twice != once {
			t.Fatalf("%U folds to %q and then to %q", r, once, twice)
		}
	}
}

func textWords(s string) []string {
	var words []string
	c := cutter{emit: func(w []byte, _ bool) { words = append(words, string(w)) }}
	c.add(s)
	c.end()
	return words
}

func TestWords(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 60)
	for _, c := range []struct {
		text, words, query string
	}{
		{"Dear Dr. O'Hara,", "dear dr o hara", "dear dr o hara"},
		{"amoxicillin 500mg b.d.", "amoxicillin 500mg b d", "amoxicillin 500mg b d"},
		{"NHS number 943 476 5919.", "nhs number 943 476 5919 9434765919", "nhs number 9434765919"},
		{"943-476-5919", "943 476 5919 9434765919", "9434765919"},
		{"9434765919", "9434765919", "9434765919"},
		{"943  476 5919", "943 476 5919", "943 476 5919"},
		{"943.476.5919", "943 476 5919", "943 476 5919"},
		{"943 476 59190", "943 476 59190", "943 476 59190"},
		{"020 943 476 5919", "020 943 476 5919", "020 943 476 5919"},
		{"anna.example@clinic.test", "anna example clinic test", "anna example clinic test"},
		{"東京都", "東 京 東京 都 京都", "東 京 東京 都 京都"},
		{"東京\r\n都", "東 京 東京 都 京都", "東 京 東京 都 京都"},
		{"東 京\n\nx\n都", "東 京 x 都", "東 京 x 都"},
		{"薬 x薬y", "薬 x 薬 y", "薬 x y"},
		{"환자가", "환 자 환자 가 자가", "환 자 환자 가 자가"},
		{"ガス", "カ ス カス", "カ ス カス"},
		{long, long[:40], long[:40]},
		{"the The THE", "the the the", "the"},
		{"-- \r\n*** £", "", ""},
	} {
		if got := strings.Join(textWords(c.text), " "); got != c.words {
			t.Errorf("text %q is cut into %q, want %q", c.text, got, c.words)
		}
		if got := strings.Join(queryWords(c.text), " "); got != c.query {
			t.Errorf("query %q is cut into %q, want %q", c.text, got, c.query)
		}
	}
}

// TestWordsInPieces: a text gives the same words however its pieces are cut between characters.
func TestWordsInPieces(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	alphabet := []rune("abcXYZ 019- .,ßéÅ東京か가ก\u0301\u00a0\n")
	for range 2_000 {
		text := make([]rune, rnd.IntN(60))
		for i := range text {
			text[i] = alphabet[rnd.IntN(len(alphabet))]
		}
		var got []string
		c := cutter{emit: func(w []byte, _ bool) { got = append(got, string(w)) }}
		for left := text; len(left) > 0; {
			n := 1 + rnd.IntN(len(left))
			c.add(string(left[:n]))
			left = left[n:]
		}
		c.end()
		if want := textWords(string(text)); !slices.Equal(got, want) {
			t.Fatalf("%q in pieces is %q, whole %q", string(text), got, want)
		}
		checkWords(t, got)
	}
}

// checkWords: words are folded, of bounded length, and cut to themselves.
func checkWords(t *testing.T, words []string) {
	t.Helper()
	for _, w := range words {
		if n := utf8.RuneCountInString(w); n == 0 || n > maxWord || Fold(w) != w {
			t.Fatalf("%q is no folded word", w)
		}
	}
}

// TestPrefixesAnswer: what the index keeps of a word and what it is asked agree with the definition of a match.
func TestPrefixesAnswer(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 20_000 {
		word, want := randomWord(rnd), randomWord(rnd)
		kept := map[string]bool{}
		prefixes([]byte(word), maxPrefix, func(p []byte) { kept[string(p)] = true })
		short, long := cutPrefix(want)
		if candidate := kept[short]; begins(word, want) && !candidate {
			t.Fatalf("%q is begun by %q, but the index does not say so", word, want)
		} else if !long && candidate && !begins(word, want) {
			t.Fatalf("the index says that %q is begun by %q", word, want)
		}
		if long && kept[want] && word != want {
			t.Fatalf("the index says that %q is %q", word, want)
		}
	}
}

// TestAllPrefixesAnswer: of a letter with documents the index keeps every beginning, so that what it says is sure.
func TestAllPrefixesAnswer(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(5, 6))
	for range 20_000 {
		word, want := randomWord(rnd), randomWord(rnd)
		for _, longest := range []int{maxPrefix, maxWord} {
			kept, n := map[string]bool{}, 0
			prefixes([]byte(word), longest, func(p []byte) { kept[string(p)] = true; n++ })
			if n != tokensOfWord([]byte(word), longest) {
				t.Fatalf("%q up to %d: %d tokens, counted %d", word, longest, n, tokensOfWord([]byte(word), longest))
			}
			if longest == maxWord && kept[want] != begins(word, want) {
				t.Fatalf("%q is begun by %q: %v, the index says %v", word, want, begins(word, want), kept[want])
			}
		}
	}
}

// randomWord is of few letters, so that words often begin alike, and 1 to 12 of them.
func randomWord(rnd *rand.Rand) string {
	var b strings.Builder
	for range 1 + rnd.IntN(12) {
		b.WriteString([]string{"a", "a", "a", "é"}[rnd.IntN(4)])
	}
	return b.String()
}

func FuzzWords(f *testing.F) {
	f.Add("Dear Zoë, 943 476 5919 東京")
	f.Add("\xff\xfe ﬁ")
	f.Fuzz(func(t *testing.T, s string) {
		checkWords(t, textWords(s))
		queryWords(s)
		if len(s) < 1_000 && Fold(Fold(s)) != Fold(s) {
			t.Fatalf("folding %q twice differs", s)
		}
	})
}
