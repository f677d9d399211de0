package helpdesk

import (
	"strings"

	"haven/people/account"
)

// SameName says whether somebody who gives a name may be the person who has one: the names as addresses have them, in either order. A single name is
// enough for somebody who has one.
func SameName(first, last, ofFirst, ofLast string) bool {
	return folded(first, last) == folded(ofFirst, ofLast)
}

func folded(first, last string) [2]string {
	a, b := strings.ToLower(strings.Join(strings.Fields(first), " ")), strings.ToLower(strings.Join(strings.Fields(last), " "))
	if f, ok := account.Fold(first); ok {
		a = f
	}
	if f, ok := account.Fold(last); ok {
		b = f
	}
	if a > b {
		a, b = b, a
	}
	return [2]string{a, b}
}
