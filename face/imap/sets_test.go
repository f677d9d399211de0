package imap

import (
	"slices"
	"testing"

	"haven"
	"haven/mail/mailbox"
)

func TestWithout(t *testing.T) {
	t.Parallel()
	r := func(lohi ...uint32) (all []mailbox.Range) {
		for i := 0; i < len(lohi); i += 2 {
			all = append(all, mailbox.Range{Lo: haven.UID(lohi[i]), Hi: haven.UID(lohi[i+1])})
		}
		return all
	}
	for _, c := range []struct{ rs, gone, want []mailbox.Range }{
		{r(1, 9), nil, r(1, 9)},
		{nil, r(1, 9), nil},
		{r(1, 9), r(3, 4), r(1, 2, 5, 9)},
		{r(1, 9), r(1, 2, 8, 12), r(3, 7)},
		{r(1, 3, 5, 7, 9, 11), r(2, 9), r(1, 1, 10, 11)},
		{r(5, 7, 9, 11), r(1, 2, 3, 4, 6, 6, 20, 21), r(5, 5, 7, 7, 9, 11)},
		{r(1, 2, 4, 5), r(1, 5), nil},
		{r(1, 1<<32-1), r(7, 1<<32-1), r(1, 6)},
	} {
		if got := without(slices.Clone(c.rs), c.gone); !slices.Equal(got, c.want) {
			t.Errorf("%v without %v: %v, want %v", c.rs, c.gone, got, c.want)
		}
	}
}
