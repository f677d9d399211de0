package jmap

import (
	"cmp"
	"slices"
	"strings"

	"haven/mail/mailbox"
	"haven/mail/sieve"
)

// Query is SieveScript/query (RFC 9661 §2.5).
func (t scripts) Query(c *call, v mailbox.Viewer, q asking) (found, error) {
	match, err := scriptFilter(q.Filter)
	if err != nil {
		return found{}, err
	}
	order, err := scriptOrder(q.Sort)
	if err != nil {
		return found{}, err
	}
	state, err := t.State(c, v)
	if err != nil {
		return found{}, err
	}
	l, err := c.scripts(v)
	slices.SortStableFunc(l.Scripts, order)
	ids := names{}
	for _, one := range l.Scripts {
		if match(one) {
			ids = append(ids, one.ID)
		}
	}
	return found{State: state, IDs: ids}, err
}

func scriptFilter(f *filter) (func(sieve.Script) bool, error) {
	if f == nil {
		return func(sieve.Script) bool { return true }, nil
	}
	if f.Condition == nil {
		return combine(f, scriptFilter)
	}
	o := f.Condition
	name, named := o.OptString("name")
	active, given := o.Bool("isActive", false), o.Has("isActive")
	return func(one sieve.Script) bool {
		return (!named || strings.Contains(strings.ToLower(one.Name), strings.ToLower(name))) && (!given || one.Active == active)
	}, conditionDone(o)
}

// scriptOrder reads how scripts are sorted: by name, whatever its case, and by whether they are active, false before true (RFC 8620 §5.5).
func scriptOrder(by []comparator) (func(a, b sieve.Script) int, error) {
	for _, s := range by {
		if s.Property != "name" && s.Property != "isActive" {
			return nil, fail("unsupportedSort", "Scripts are sorted by name and isActive.")
		}
		if err := sortDone(s); err != nil {
			return nil, err
		}
	}
	return func(a, b sieve.Script) int {
		for _, s := range by {
			n := cmp.Compare(flag(a.Active), flag(b.Active))
			if s.Property == "name" {
				n = cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
			}
			if n != 0 && s.Descending {
				return -n
			}
			if n != 0 {
				return n
			}
		}
		return 0
	}, nil
}

// flag is a boolean as it is sorted.
func flag(on bool) int {
	if on {
		return 1
	}
	return 0
}
