package sieve_test

import (
	"testing"

	"haven"
	"haven/mail/sieve"
)

// What changes takes a number of the account's, by which other processes hear of it (change.Hub.Poll).
func TestOtherProcessesHear(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		last := haven.Seq(-1)
		newer := func(what string) {
			t.Helper()
			h.must(h.store.Seqs(t.Context(), []haven.AccountNo{h.me}, func(_ haven.AccountNo, seq haven.Seq) {
				if seq <= last {
					t.Errorf("%s: the account is at %d as before", what, seq)
				}
				last = seq
			}))
		}
		newer("at first")
		h.put("a", "keep;")
		newer("a script is put")
		h.must(h.SetActive(t.Context(), h.actor(), h.v(), sieve.ByName("a")))
		newer("it filters")
		h.must(h.SetActive(t.Context(), h.actor(), h.v(), sieve.Ref{}))
		newer("it filters no more")
		h.must(h.Delete(t.Context(), h.actor(), h.v(), sieve.ByName("a")))
		newer("it is deleted")
	})
}
