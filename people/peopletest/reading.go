package peopletest

import (
	"context"
	"slices"
	"sync"

	"haven"
	"haven/platform/db"
)

// Reading stands in for the mail store: it remembers how mailboxes read.
type Reading struct {
	mu      sync.Mutex
	people  map[haven.AccountNo][]haven.AccountNo // by mailbox in which each reads for oneself, or did
	each    map[haven.AccountNo]bool
	settled map[haven.AccountNo]int
}

// NewReading is one in which every mailbox reads as one.
func NewReading() *Reading {
	return &Reading{people: map[haven.AccountNo][]haven.AccountNo{}, each: map[haven.AccountNo]bool{}, settled: map[haven.AccountNo]int{}}
}

// ReadsEachIn tells what was set last.
func (r *Reading) ReadsEachIn(_ *db.Tx, mailbox haven.AccountNo) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.each[mailbox], nil
}

// SetReadsEachIn remembers it, and the people with whom it began.
func (r *Reading) SetReadsEachIn(_ *db.Tx, mailbox haven.AccountNo, on bool, people []haven.AccountNo) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.each[mailbox] = on; on {
		r.people[mailbox] = slices.Clone(people)
	}
	return nil
}

// Settle counts.
func (r *Reading) Settle(_ context.Context, mailbox haven.AccountNo) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.settled[mailbox]++
	return nil
}

// People are those with whom reading for oneself began last.
func (r *Reading) People(mailbox haven.AccountNo) []haven.AccountNo {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.people[mailbox]
}

// Settled is how often Settle was called.
func (r *Reading) Settled(mailbox haven.AccountNo) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.settled[mailbox]
}
