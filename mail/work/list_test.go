package work

import (
	"testing"

	"haven"
)

// The boards of accounts of which nothing was ever said are bounded too.
func TestEmptyBoardsAreBounded(t *testing.T) {
	t.Parallel()
	b := boards{most: 10, at: map[haven.AccountNo]*board{}}
	first := b.get(0)
	for no := range haven.AccountNo(100) {
		if x := b.get(no); x != b.get(no) {
			t.Fatalf("account %d has two boards", no)
		}
		if no < 10 && b.get(0) != first {
			t.Fatalf("with %d boards the first was forgotten", len(b.at))
		}
	}
	if len(b.at) > 10 {
		t.Errorf("%d boards are kept", len(b.at))
	}
}
