package search

import (
	"testing"
	"time"
)

func TestInSequence(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, want   string
		word, begins bool
	}{
		{"Anna Example <anna@clinic.example>, ", "anna example", true, true},
		{"Anna Example <anna@clinic.example>, ", "anna exam", false, true},
		{"Anna Example <anna@clinic.example>, ", "exam", false, true},
		{"Anna Example <anna@clinic.example>, ", "ex", false, false},
		{"Anna Example <anna@clinic.example>, ", "anna@clinic.ex", false, false},
		{"Anna Example <anna@clinic.example>, ", "anna@clinic.exa", false, true},
		{"Anna Example <anna@clinic.example>, ", "example anna", true, true},
		{"Anna Example <anna@clinic.example>, ", "ann example", false, false},
		{"discharge note of anna, discharge letter", "discharge letter", true, true},
		{"東京都に行く", "京都", true, true},
		{"東京都に行く", "都京", false, false},
		{"東京\n都に行く", "京都", true, true},
		{"NHS 943 476 5919", "9434765919", true, true},
		{"NHS 943 476 5919", "943 476 5919", true, true},
		{"Délai", "delai", true, true},
		{"anything", "***", false, false},
		{"", "word", false, false},
	} {
		want := spoken(c.want)
		if got := inSequence(c.text, want, isWord); got != c.word {
			t.Errorf("%q says %q: %v", c.text, c.want, got)
		}
		if got := inSequence(c.text, want, begins); got != c.begins {
			t.Errorf("%q says something that begins %q: %v", c.text, c.want, got)
		}
	}
}

// TestFieldsByIndex: of what somebody looks for in a field, the index is asked first.
func TestFieldsByIndex(t *testing.T) {
	t.Parallel()
	for _, q := range []Query{InSubject("metformin"), InAddresses(From, "anna"), InAddresses(Bcc, `"anna example"`)} {
		p, err := newPlan(q, nil, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		if len(needed(p.root)) != 1 {
			t.Errorf("%v needs %v of the index", q, needed(p.root))
		}
	}
}
