package jmap

import (
	"slices"

	"haven"
)

// idList is the ids that a query finds, in order.
type idList interface {
	Len() int
	At(i int) string
	Index(id string) int            // -1: it is not in the list
	Where(ids []string) []addedItem // where those of them that are in the list stand, in order
}

// names are ids as they are.
type names []string

func (n names) Len() int            { return len(n) }
func (n names) At(i int) string     { return n[i] }
func (n names) Index(id string) int { return slices.Index(n, id) }
func (n names) Where(ids []string) []addedItem {
	return where(n, ids, func(id string) string { return id }, n.At)
}

// found messages are ids that are made when they are given out: most never are.
type messageList []haven.MessageID

func (l messageList) Len() int            { return len(l) }
func (l messageList) At(i int) string     { return emailID(l[i]) }
func (l messageList) Index(id string) int { return slices.Index(l, messageOf(id, "M")) }
func (l messageList) Where(ids []string) []addedItem {
	of := func(id string) haven.MessageID { return messageOf(id, "M") }
	return where(l, ids, of, l.At)
}

func where[T comparable](list []T, ids []string, of func(string) T, at func(int) string) []addedItem {
	wanted := make(map[T]bool, len(ids))
	for _, id := range ids {
		wanted[of(id)] = true
	}
	var found []addedItem
	for i, x := range list {
		if wanted[x] {
			found = append(found, addedItem{at(i), i})
		}
	}
	return found
}
