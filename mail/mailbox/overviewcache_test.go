package mailbox

import (
	"testing"

	"haven"
)

// Overviews of accounts without a letter take room too.
func TestEmptyOverviewsAreBounded(t *testing.T) {
	t.Parallel()
	c := newOverviewCache(10 * overviewOctets)
	for no := range haven.AccountNo(100) {
		e := c.get(overviewName{account: no})
		e.o = &Overview{}
		c.weigh(e, e.o.octets())
	}
	if n := len(c.at); n != 10 || c.order.Len() != n || c.octets != 10*overviewOctets {
		t.Errorf("%d are kept, of %d octets", n, c.octets)
	}
	if _, kept := c.at[overviewName{account: 99}]; !kept {
		t.Error("the newest was let go")
	}
}
