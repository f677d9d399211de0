package jmap

import (
	"maps"

	"haven"
)

// changes is a type's /changes (RFC 8620 §5.2).
func (c *call) changes(t changer) (any, error) {
	v, err := c.account(haven.Read)
	if err != nil {
		return nil, err
	}
	c.args.Require("sinceState")
	since, most := c.args.String("sinceState"), c.mostChanges()
	if err := c.args.Done(); err != nil {
		return nil, err
	}
	ch, err := t.Changes(c, v, since, most)
	if err != nil {
		return nil, err
	}
	r := record{"accountId": c.args.String("accountId"), "oldState": since, "newState": ch.NewState, "hasMoreChanges": ch.More,
		"created": some(ch.Created), "updated": some(ch.Updated), "destroyed": some(ch.Destroyed)}
	maps.Copy(r, ch.Extra)
	return r, nil
}

// mostChanges reads maxChanges, which is greater than nothing; 0: it was not given.
func (c *call) mostChanges() int {
	most, ok := c.args.OptUnsigned("maxChanges")
	if ok && most == 0 {
		c.args.Bad("maxChanges", "must be greater than 0")
	}
	return int(min(most, 1<<30))
}

// some is a list that is never null.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
