// Package helpdesk is the two desks: when they are open, and what each may do.
package helpdesk

import (
	"time"

	"haven/people/openinghours"
)

// The pharmacy desk's hours: Monday to Friday from 9 to 17, not on bank holidays (Rules 9). The national desk is always there, for
// passwords and unlocking.
var desk = func() (h openinghours.Hours) {
	for d := time.Monday; d <= time.Friday; d++ {
		h.Week[d] = openinghours.Day{{Opens: 9 * 60, Closes: 17 * 60}}
	}
	return h
}()

// Hours says whether the pharmacy desk is open, and when that changes next, in London's time.
func Hours(now time.Time) (open bool, changes time.Time) { return desk.Open(now) }
