package account_test

import (
	"testing"

	"haven/people/account"
	"haven/people/peopletest"
)

func TestNormaliseAnswer(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Rex": "rex", "  REX ": "rex", "St. Mary's School": "st mary s school", "st  mary's school.": "st mary s school",
		"Straße": "strasse", "Ｒｅｘ": "rex", "José": "josé", "Jose\u0301": "josé", "42": "42", "...": "", "": "",
	} {
		if got := account.NormaliseAnswer(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		hash, err := h.Accounts.HashAnswer(t.Context(), "rex")
		if err != nil {
			t.Fatal(err)
		}
		again, err := h.Accounts.HashAnswer(t.Context(), "rex")
		if err != nil || again == hash {
			t.Errorf("two hashes of one answer are the same: %v", err)
		}
		for _, c := range []struct {
			answer, hash string
			want         bool
		}{{"rex", hash, true}, {"max", hash, false}, {"rex", "", false}, {"", hash, false}} {
			if got, err := h.Accounts.MatchesAnswer(t.Context(), c.answer, c.hash); got != c.want || err != nil {
				t.Errorf("%q: %t, %v, want %t", c.answer, got, err, c.want)
			}
		}
	})
}
